/** Which drawing, colour and tint a product has: by its category, then by words of its name. */

import { drawing, el } from "./dom.js";

/** Category → [drawing, tint of the paper behind it, [words of a name → drawing, colour]…]; in the order of the shelf. */
const KINDS = {
  Fruits: ["fruits", "#d9c85f", [
    [/banana|plantain/i, "bananas"], [/grape/i, "grapes", [/white|green/i, "#a9bd58"], [/red/i, "#8f3f58"]],
    [/peach|nectar|apricot/i, "peaches"], [/mango|papaya/i, "peaches", [/./, "#e9a83c"]],
    [/cherr/i, "cherries"], [/pineapple/i, "pineapples"], [/avocado/i, "avocados"], [/melon/i, "melons"]]],
  Vegetables: ["vegetables", "#8fb86a", [
    [/tomato/i, "tomatoes"], [/corn/i, "corn"], [/cucumber/i, "cucumbers"], [/mushroom/i, "mushrooms"],
    [/pepper/i, "peppers", [/green/i, "#5b9440"], [/red|chil/i, "#c8402f"]], [/avocado/i, "avocados"],
    [/cauliflower/i, "vegetables", [/./, "#e9dfc3"]], [/salad|mix|kit|tray/i, "salad"],
    [/onion|garlic|shallot/i, "onions"], [/potato/i, "potatoes"], [/carrot/i, "root-vegetables"]]],
  Apples: ["apples", "#dd8a73", [[/granny|green/i, "apples", [/./, "#8aa93c"]], [/gold/i, "apples", [/./, "#e0bb4b"]], [/gala|fuji|honey/i, "apples", [/./, "#d2603f"]]]],
  Berries: ["berries", "#dc7f86", [
    [/blueberr/i, "blueberries"], [/blackberr/i, "raspberries", [/./, "#4b3a5e"]], [/raspberr/i, "raspberries"],
    [/cranberr/i, "cherries"]]],
  Citrus: ["citrus", "#edb55a", [
    [/lemon/i, "citrus", [/./, "#eccb3d"]], [/lime/i, "citrus", [/./, "#8db43b"]],
    [/grapefruit/i, "citrus", [/./, "#e5836a"]], [/clement|tanger|mandarin/i, "citrus", [/./, "#ea7a24"]]]],
  Greens: ["greens", "#9cc274", [[/salad|mix|kit/i, "salad"], [/red|radicchio/i, "greens", [/./, "#8f4a5c"]]]],
  Herbs: ["herbs", "#86b58a", [[/mint|basil/i, "herbs", [/./, "#4f9a52"]]]],
  "Root Vegetables": ["root-vegetables", "#e0a06a", [
    [/potato|yam/i, "potatoes", [/sweet|yam/i, "#c4733f"], [/red/i, "#b8654f"]],
    [/onion|garlic|shallot|leek/i, "onions", [/red/i, "#93436a"], [/garlic|white|green/i, "#eadfc8"]],
    [/radish|beet/i, "root-vegetables", [/./, "#b03a5a"]]]],
  Squash: ["squash", "#e0bf74", [[/zucchini/i, "cucumbers"], [/yellow/i, "squash", [/./, "#ecc94a"]], [/acorn/i, "squash", [/./, "#4f7a45"]]]],
  Pumpkins: ["pumpkins", "#e79a58", []],
  Melons: ["melons", "#e58f86", [[/honeydew/i, "melons", [/./, "#bcd585"]], [/cantaloup/i, "melons", [/./, "#eda05c"]]]],
  Dairy: ["dairy", "#9dbcd0", [
    [/cheese|cheddar|mozz|swiss|parm/i, "cheese"], [/yogurt|sour cream|cottage|dip/i, "yogurt"],
    [/butter(?!milk)|margarine|spread/i, "butter"], [/choc/i, "dairy", [/./, "#7a5236"]]]],
  Eggs: ["eggs", "#dcc39a", []],
  Meat: ["meat", "#d99387", [
    [/chicken|turkey|poultry|wing|drum|hen/i, "poultry"], [/sausage|frank|brat|link|hot dog|salami|pepperoni/i, "sausages"],
    [/bacon|ham|pork/i, "meat", [/./, "#cf7a70"]]]],
  Seafood: ["seafood", "#8fb9c0", [[/shrimp|crab|lobster|prawn|scallop/i, "shrimp"], [/salmon/i, "seafood", [/./, "#e08a6d"]]]],
  Bakery: ["bakery", "#dbb27c", [[/cake|pie|muffin|danish|pastr/i, "cake"], [/cookie|donut|doughnut|brownie/i, "cookies"]]],
  Preserved: ["preserved", "#c9848c", [
    [/pickle|olive|relish/i, "preserved", [/./, "#7d8f3f"]], [/peach|apricot|honey|marmalade/i, "preserved", [/./, "#d8902f"]],
    [/apple|date|nut|raisin|dried/i, "preserved", [/./, "#9a5b2f"]]]],
  Flowers: ["flowers", "#d8a3bd", []],
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
