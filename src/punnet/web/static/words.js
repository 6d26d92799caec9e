/** What the page says: prices, stock, and why something is suggested. */

const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

/** `$2.49` */
export const price = (amount) => money.format(amount);

/** `/ lb`, or nothing where the market does not say. */
export const unit = (product) => (product.unit ? `/ ${product.unit}` : "");

/** `1 thing`, `3 things` */
export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** `Lemons, Limes and 3 more` */
export function names(items) {
  const [first, second, ...rest] = items.map((item) => item.product.name);
  if (!second) return first ?? "";
  return rest.length ? `${first}, ${second} and ${rest.length} more` : `${first} and ${second}`;
}

/** How much of it there is, in words; a stock of null is not counted by the farm. */
export function stock({ stock: left, available }) {
  if (!available || left === 0) return "Sold out today";
  if (left === null || left === undefined) return "On the stall today";
  return left <= 5 ? `Only ${left} left` : `${left} left today`;
}

export const soldOut = ({ stock: left, available }) => !available || left === 0;

const REASONS = {
  SIMILAR_USERS: "Shoppers like you buy it",
  SIMILAR_PRODUCTS: "Like your last picks",
  SEASONAL: "In season now",
  USER_BEHAVIOR: "Your kind of thing",
  FREQUENTLY_BOUGHT_TOGETHER: "Often bought together",
  NEW_ARRIVAL: "New from a farm you like",
  BUY_AGAIN: "You may be running out",
};

const REASONS_BESIDE = {
  product: { SIMILAR_PRODUCTS: "Much like this one", FREQUENTLY_BOUGHT_TOGETHER: "Often bought with it" },
  basket: { FREQUENTLY_BOUGHT_TOGETHER: "Often bought with these" },
};

/** One reason for a person to read; `beside` is what the suggestion stands beside: "product", "basket" or nothing. */
export function reason({ reason: code, metadata }, beside) {
  if (metadata.filling === "most_bought") return "A market favourite";
  if (metadata.filling === "newest") return "New at the market";
  if (code === "TRENDING_LOCAL")
    return metadata.area === "local" ? "Trending near you" : "Selling fast this week";
  return REASONS_BESIDE[beside]?.[code] ?? REASONS[code] ?? "Worth a look";
}

const ALGORITHMS = {
  collaborative_filtering: "Shoppers like you",
  content_based: "Similar products",
  trending: "Selling this week",
  seasonal: "In season",
  user_behavior: "Your habits",
  co_occurrence: "Bought together",
  new_arrivals: "New from your farms",
  buy_again: "Buy again",
};

/** The shares of a score, largest first: [{label, score, weight, share}]. */
export function shares({ metadata }) {
  return Object.entries(metadata.contributions ?? {})
    .map(([name, { score, weight }]) => ({
      label: ALGORITHMS[name] ?? name,
      score,
      weight,
      share: score * weight,
    }))
    .sort((one, other) => other.share - one.share);
}
