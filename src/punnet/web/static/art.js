/** Which drawing, colour and tint a product has: by its category, then by words of its name. */

import { drawing, el } from "./dom.js";

/**
 * Category → [drawing, tint of the paper behind it, [[words of a name, drawing, [words, colour]…]…]], in the order
 * of the shelf. The first words that a name has decide.
 */
const KINDS = {
  Fruits: [
    "fruits",
    "#d9c85f",
    [
      [/banana|plantain/i, "bananas"],
      [/grape/i, "grapes", [/white|green/i, "#a9bd58"], [/red/i, "#8f3f58"], [/black/i, "#4d3a66"]],
      [/plum|pluot/i, "peaches", [/./, "#7a4470"]],
      [/mango|papaya/i, "peaches", [/./, "#e9a83c"]],
      [/peach|nectar|apricot/i, "peaches", [/white/i, "#f2bd8d"]],
      [/cherr/i, "cherries", [/rainier/i, "#e0874f"]],
      [/pineapple|tropical/i, "pineapples"],
      [/avocado/i, "avocados"],
      [/kiwi/i, "kiwi"],
      [/bosc/i, "fruits", [/./, "#b98a4a"]],
      [/bartlett/i, "fruits", [/./, "#d3c04a"]],
    ],
  ],
  Vegetables: [
    "vegetables",
    "#8fb86a",
    [
      [/tomato/i, "tomatoes", [/vine/i, "#c93a2a"]],
      [/corn/i, "corn"],
      [/cucumber/i, "cucumbers"],
      [/mushroom/i, "mushrooms", [/portabella/i, "#9a7350"]],
      [/pepper/i, "peppers", [/green|jalap|serrano/i, "#5b9440"], [/red|chil/i, "#c8402f"]],
      [/avocado/i, "avocados"],
      [/broccoli/i, "vegetables"],
      [/cauliflower/i, "vegetables", [/./, "#e9dfc3"]],
      [/cabbage/i, "greens", [/./, "#9cbf73"]],
      [/beans|peas/i, "beans"],
      [/asparagus/i, "stalks"],
      [/celery|leek|green onion/i, "stalks", [/./, "#8fb866"]],
      [/mix|cut|salad|kit|tray/i, "salad"],
      [/onion|garlic|shallot/i, "onions"],
      [/potato/i, "potatoes"],
      [/carrot/i, "root-vegetables"],
    ],
  ],
  Apples: [
    "apples",
    "#dd8a73",
    [
      [/granny|green/i, "apples", [/./, "#8aa93c"]],
      [/gold/i, "apples", [/./, "#dfbb4b"]],
      [/gala|fuji|honey|braeburn/i, "apples", [/fuji/i, "#d97a5c"], [/./, "#d0562f"]],
    ],
  ],
  Berries: [
    "berries",
    "#dc7f86",
    [
      [/blueberr/i, "blueberries"],
      [/blackberr/i, "raspberries", [/./, "#4b3a5e"]],
      [/raspberr/i, "raspberries"],
      [/cranberr/i, "cherries"],
    ],
  ],
  Citrus: [
    "citrus",
    "#edb55a",
    [
      [/lemon/i, "citrus", [/./, "#eccb3d"]],
      [/lime/i, "citrus", [/./, "#8db43b"]],
      [/grapefruit/i, "citrus", [/./, "#e5836a"]],
      [/clement|tanger|mandarin/i, "citrus", [/./, "#ea7a24"]],
    ],
  ],
  Greens: [
    "greens",
    "#9cc274",
    [
      [/salad(?! spinach)|slaw|mix|kit|blend/i, "salad"],
      [/spinach|cooking/i, "greens", [/./, "#4f8a45"]],
      [/red|radicchio/i, "greens", [/./, "#8f4a5c"]],
    ],
  ],
  Herbs: ["herbs", "#86b58a", [[/mint|basil|parsley/i, "herbs", [/./, "#4f9a52"]]]],
  "Root Vegetables": [
    "root-vegetables",
    "#e0a06a",
    [
      [/potato|yam/i, "potatoes", [/sweet|yam/i, "#c4733f"], [/red/i, "#b8654f"], [/gold/i, "#dbb866"]],
      [/onion|garlic|shallot/i, "onions", [/red/i, "#93436a"], [/garlic|white/i, "#eadfc8"]],
      [/radish|beet/i, "root-vegetables", [/./, "#b03a5a"]],
    ],
  ],
  Squash: [
    "squash",
    "#e0bf74",
    [
      [/zucchini/i, "cucumbers"],
      [/yellow/i, "squash", [/./, "#ecc94a"]],
      [/acorn/i, "squash", [/./, "#4f7a45"]],
    ],
  ],
  Pumpkins: ["pumpkins", "#e79a58", []],
  Melons: [
    "melons",
    "#e58f86",
    [
      [/honeydew/i, "melons", [/./, "#bcd585"]],
      [/cantaloup/i, "melons", [/./, "#eda05c"]],
    ],
  ],
  Dairy: [
    "dairy",
    "#9dbcd0",
    [
      [/cream cheese|sour cream|cottage|ricotta|dip/i, "yogurt", [/./, "#8fb0c4"]],
      [/sliced cheese/i, "slices", [/./, "#eec25a"]],
      [
        /cheese|cheddar|mozz|swiss|parm/i,
        "cheese",
        [/natural|farmhouse|string/i, "#f0dca0"],
        [/specialty|wedge/i, "#dfa644"],
      ],
      [/yogurt|kefir/i, "yogurt"],
      [/butter(?!milk)|margarine|spread/i, "butter"],
      [/choc/i, "dairy", [/./, "#7a5236"]],
      [/nog|cream/i, "dairy", [/./, "#c9963f"]],
      [/buttermilk/i, "dairy", [/./, "#5f8f6a"]],
    ],
  ],
  Eggs: ["eggs", "#dcc39a", []],
  Meat: [
    "meat",
    "#d99387",
    [
      [
        /sliced|packed (roast|sliced)|cold cuts/i,
        "slices",
        [/turkey|chicken/i, "#e6bfa0"],
        [/roast beef/i, "#b5685c"],
      ],
      [/ground|patties/i, "mince", [/chicken|turkey/i, "#d99a86"]],
      [/bacon/i, "bacon"],
      [/\bham\b|hocks|smoked/i, "ham"],
      [/chicken|turkey|poultry|wing|drum|hen/i, "poultry"],
      [/sausage|frank|brat|link|hot dog|salami|pepperoni/i, "sausages"],
      [/pork|lamb|rib|kabob/i, "chops", [/lamb|beef/i, "#b4483f"]],
    ],
  ],
  Seafood: [
    "seafood",
    "#8fb9c0",
    [
      [/shrimp|crab|lobster|prawn|scallop|shellfish/i, "shrimp"],
      [/salmon/i, "seafood", [/./, "#e08a6d"]],
    ],
  ],
  Bakery: [
    "bakery",
    "#dbb27c",
    [
      [/pie\b/i, "pie", [/pumpkin|custard/i, "#cf7f33"], [/cream/i, "#ecd79a"]],
      [/donut|doughnut|bagel/i, "donuts", [/bagel/i, "#d9a55e"]],
      [/cookie|brownie|cracker/i, "cookies", [/brownie/i, "#7d5233"]],
      [/cake|muffin|danish|pastr|dessert/i, "cake", [/coffee|muffin|danish/i, "#e3b778"]],
      [/french|italian|croiss|bread ?stick/i, "baguettes"],
    ],
  ],
  Preserved: [
    "preserved",
    "#c9848c",
    [
      [/juice|cider/i, "juice", [/cider/i, "#b5722f"]],
      [/nut|almond|pecan|pistach/i, "nuts"],
      [/popping/i, "corn"],
      [/pickle|olive|relish/i, "preserved", [/./, "#7d8f3f"]],
      [/dried|date|raisin/i, "preserved", [/./, "#9a5b2f"]],
      [/salsa/i, "preserved", [/./, "#c8402f"]],
      [/garlic|dip|dressing/i, "preserved", [/./, "#d9b866"]],
    ],
  ],
  Flowers: [
    "flowers",
    "#d8a3bd",
    [
      [/rose(?! bouq)|single stem/i, "roses"],
      [/plant|potted|mums|perennial/i, "potted", [/mums/i, "#d9963b"]],
      [/premium|classic/i, "flowers", [/./, "#e9dcf2"]],
    ],
  ],
};
const UNKNOWN = ["basket", "#cdb48a", []];

/** The categories this market usually has, in the order of its shelf. */
export const CATEGORIES = Object.keys(KINDS);

/** The small drawing of a category. */
export function categoryDrawing(category) {
  return drawing((KINDS[category] ?? UNKNOWN)[0]);
}

/** The picture of a product, on paper of its category's tint. */
export function picture(product, className) {
  const [usual, tint, names] = KINDS[product.category] ?? UNKNOWN;
  const [, kind = usual, ...colours] = names.find(([words]) => words.test(product.name)) ?? [];
  const colour = colours.find(([words]) => words.test(product.name))?.[1];
  const node = el("div", { className }, drawing(kind, colour));
  node.style.setProperty("--tint", tint);
  return node;
}
