"""What a product of a made market is called, and what somebody types who looks for it."""

from bench.made.shelf import Shelf
from bench.made.words import ADJECTIVES, KINDS, variety

NOTHING = "unobtainium"
"""A word that no product has."""


def name_of(shelf: Shelf, product: int) -> str:
    """Return the name of the product at a row, such as `Sweet Tolami Carrots`."""
    return " ".join(word for word in _words(shelf, product) if word)


def sought(shelf: Shelf, product: int, dice: float) -> str:
    """Return what somebody types who looks for something like the product; `dice` from 0 to 1 decides how."""
    adjective, rare, noun = (word.lower() for word in _words(shelf, product))
    category = KINDS[shelf.categories[product]].name.lower()
    ways = (
        (0.40, noun),
        (0.65, f"{adjective} {noun}"),
        (0.75, rare or noun),
        (0.85, category),
        (0.97, adjective),
        (1.00, NOTHING),
    )
    return next((words for until, words in ways if dice < until), NOTHING)


def _words(shelf: Shelf, product: int) -> tuple[str, str, str]:
    """Return adjective, variety (empty where there is none) and noun."""
    kind, rare = KINDS[shelf.categories[product]], int(shelf.varieties[product])
    noun = kind.nouns[shelf.nouns[product]].replace("-", " ")
    return ADJECTIVES[shelf.adjectives[product]], variety(rare) if rare >= 0 else "", noun
