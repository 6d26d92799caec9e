"""What an answer is filled up with, when the algorithms know too little."""

import numpy as np

from punnet.core.topk import top_k
from punnet.types import Floats, Indices, Mask

MOST_BOUGHT = "most_bought"
NEWEST = "newest"


def fill(eligible: Mask, orders: Indices, added: Floats, missing: int) -> list[tuple[int, str]]:
    """Return up to `missing` eligible products and why: those bought most, then the newest of the others.

    `orders` is how many orders hold each product, `added` when it was added (seconds).
    """
    bought = top_k(np.where(eligible, orders, 0).astype(np.float64), missing)
    never = np.flatnonzero(eligible & (orders == 0))
    newest = never[np.argsort(-added[never], kind="stable")][: missing - len(bought)]
    return [(int(product), MOST_BOUGHT) for product in bought] + [
        (int(product), NEWEST) for product in newest
    ]
