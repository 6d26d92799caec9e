"""What the goods of a made market are called: categories with their nouns, and words to tell goods apart."""

from typing import NamedTuple


class Kind(NamedTuple):
    """A category: its name, the price that half of its products do not exceed, and what they are."""

    name: str
    price: float
    nouns: tuple[str, ...]


_KINDS = """
Vegetables        3.0  Tomatoes Peppers Cucumbers Broccoli Cauliflower Eggplants Zucchini Peas Artichokes
Fruits            4.0  Peaches Plums Nectarines Apricots Figs Quinces Persimmons Kiwis
Dairy             4.5  Milk Cream Buttermilk Kefir Quark Custard
Bread             5.5  Loaf Rolls Baguette Rye Sourdough Flatbread Brioche
Greens            3.2  Kale Spinach Chard Lettuce Arugula Collards Endive Cress
Cheese            9.5  Cheddar Gouda Feta Brie Ricotta Camembert Chevre
Root Vegetables   2.4  Carrots Beets Potatoes Parsnips Radishes Turnips Rutabagas
Berries           5.0  Strawberries Blueberries Raspberries Blackberries Currants Gooseberries
Apples            3.8  Gala Russet Pippin Crabapples Honeycrisp Winesap
Beef             16.0  Steak Brisket Roast Ribs Mince Shank
Eggs              6.0  Hen-Eggs Duck-Eggs Quail-Eggs Pullet-Eggs
Herbs             2.5  Basil Parsley Mint Thyme Dill Cilantro Rosemary Sage
Preserved         7.0  Jam Pickles Chutney Relish Marmalade Sauerkraut
Poultry          13.0  Chicken Turkey Duck Goose Wings
Pastry            4.0  Croissant Scone Tart Muffin Danish Strudel
Honey            11.0  Honey Honeycomb Propolis Mead
Pork             12.0  Chops Loin Shoulder Ham Belly
Squash            3.5  Butternut Acorn Delicata Kabocha Hubbard
Citrus            3.0  Oranges Lemons Limes Grapefruit Tangerines
Mushrooms         8.0  Shiitake Oyster Chanterelle Morel Portobello
Fish             15.0  Trout Salmon Perch Whitefish Walleye
Flowers           9.0  Tulips Dahlias Sunflowers Peonies Zinnias
Melons            5.0  Cantaloupe Watermelon Honeydew Galia
Sausages          9.0  Bratwurst Chorizo Salami Kielbasa
Pumpkins          6.0  Pumpkin Jarrahdale Cinderella Carving-Pumpkin
Yogurt            4.0  Yogurt Skyr Labneh
Grains            5.0  Oats Barley Spelt Farro Quinoa
Nuts             10.0  Walnuts Pecans Hazelnuts Chestnuts
Beans             4.0  Pinto Navy Lentils Chickpeas Edamame
Maple            14.0  Syrup Maple-Sugar Maple-Butter
Alliums           2.0  Onions Leeks Shallots Scallions Garlic
Pears             3.9  Bartlett Bosc Anjou Seckel
Cherries          6.5  Bing Rainier Montmorency
Grapes            4.8  Concord Muscat Thompson
Juice             6.0  Nectar Lemonade Juice Smoothie
Cider             8.0  Cider Perry Shrub
Sauces            7.5  Salsa Pesto Ketchup Mustard
Pasta             6.5  Tagliatelle Ravioli Gnocchi Noodles
Flour             4.5  Flour Semolina Cornmeal
Lamb             18.0  Leg Rack Stew Chop
Seedlings         4.0  Seedling Plug Start
Butter            6.0  Butter Ghee
Corn              1.5  Corn Popcorn Hominy
Sprouts           4.0  Alfalfa Sprouts Shoots
Oils             15.0  Oil Rapeseed Sunflower-Oil
Vinegar           9.0  Vinegar Balsamic
Tea               8.0  Tea Tisane Chamomile
Coffee           14.0  Coffee Espresso
Soups             8.0  Soup Broth Chowder
Salads            7.0  Salad Slaw
Snacks            4.5  Crackers Granola Jerky
Chocolate         7.0  Chocolate Truffle Fudge
Ice Cream         8.0  Gelato Sorbet
Dried Fruits      8.5  Raisins Prunes
Spices            5.0  Paprika Chili Saffron
Shellfish        17.0  Crayfish Clams
Wine             18.0  Riesling Rose
Beer             11.0  Ale Stout
Soap              6.5  Soap Balm
Wool             20.0  Yarn Fleece
"""


def _kind(row: str) -> Kind:
    name, price, nouns = row[:16].strip(), row[16:22], row[22:].split()
    return Kind(name, float(price), tuple(nouns))


KINDS = tuple(map(_kind, _KINDS.strip().splitlines()))
"""The categories, the largest first."""

SEASONS = (
    ("Root Vegetables", "Preserved", "Citrus", "Greens"),
    ("Vegetables", "Herbs", "Greens", "Berries"),
    ("Fruits", "Vegetables", "Berries", "Melons"),
    ("Root Vegetables", "Squash", "Apples", "Pumpkins"),
)
"""What sells more from December, March, June and September on; the market lies in the north."""

_ADJECTIVES = """
Fresh Sweet Red Green Small Golden Wild Organic Early Smoked Purple White Young Crisp Old Baby Spicy Giant
Black Heirloom Striped Late Tender Rustic Dried Blue Roasted Tangy Mild Winter Amber Hearty Rosy Creamy Nutty
Sunny Silver Salted Velvet Scarlet Frosted Mountain Meadow Candied Ruby Rare Autumn Lemony Ivory Midnight
"""
ADJECTIVES = tuple(_ADJECTIVES.split())

_SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi lo na ki"
SYLLABLES = tuple(_SYLLABLES.split())
"""Three of them make the name of a variety."""

BEGINNINGS = ("Ash", "Elm", "Oak", "Birch", "Stone", "Mill", "Fox", "Lake")
ENDS = ("ford", "ton", "field", "bury", "dale")


def town(number: int) -> str:
    """Return the name of a town."""
    return BEGINNINGS[number % len(BEGINNINGS)] + ENDS[number // len(BEGINNINGS) % len(ENDS)]


def variety(number: int) -> str:
    """Return the name of a variety; there are 4,096."""
    base = len(SYLLABLES)
    digits = number % base, number // base % base, number // base**2 % base
    return "".join(SYLLABLES[digit] for digit in digits).title()
