/** The market as one shopper sees it: who shops, the connection, the basket, and what was done. The same on every page. */

import { Basket } from "./basket.js";
import { newId } from "./client/ids.js";
import { Punnet } from "./client/index.js";

export const SHOPPERS = Array.from({ length: 6 }, (_, at) => `shopper-${String(at + 1).padStart(4, "0")}`);
const TOPICS = ["personalized", "price_drops", "stock_alerts", "new_arrivals", "trending"];
const DROPS_KEPT = 8;

/**
 * Events: `basket` when it changed, `drops` when a price fell, `news` (detail: a message) when something else changed in the
 * market, `others` when the shopper's list changed because of somebody else, `trending` when
 * what trends changed, `failed` (detail: an error of the client).
 */
class Market extends EventTarget {
  userId = userOfAddress();
  basket = new Basket(this.userId);
  #dropsKey = `punnet.drops.${this.userId}`;
  #lastKey = `punnet.last.${this.userId}`;
  #shown = new Set();

  constructor() {
    super();
    sessionStorage.setItem("punnet.user", this.userId);
    const lastMessageId = sessionStorage.getItem(this.#lastKey) ?? undefined;
    this.punnet = new Punnet({ userId: this.userId, topics: TOPICS, lastMessageId });
    this.punnet.on("*", (_, { messageId }) => sessionStorage.setItem(this.#lastKey, messageId));
    this.punnet.on("PRICE_DROP_ALERT", (payload, message) => this.#fell(payload, message));
    for (const type of ["STOCK_ALERT", "NEW_ARRIVAL_ALERT"])
      this.punnet.on(type, (_, message) => this.#tell("news", message));
    this.punnet.on("PERSONALIZED_SUGGESTION", ({ topic }) => topic && this.#tell("others"));
    this.punnet.on("TRENDING_UPDATE", () => this.#tell("trending"));
    this.punnet.on("refused", (error) => this.#tell("failed", error));
    this.punnet.connect();
    addEventListener("pagehide", () => this.punnet.close());
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  }

  /** Whether the market knows nothing of this shopper before the first click. */
  get isVisitor() {
    return this.userId.startsWith("visitor-");
  }

  /** What fell in price lately: [{product, was}], the latest first. */
  get drops() {
    return JSON.parse(sessionStorage.getItem(this.#dropsKey) ?? "[]");
  }

  /** Shop as somebody else from now on; with "" as a visitor nobody knows. */
  become(userId) {
    sessionStorage.setItem("punnet.user", userId || `visitor-${newId().slice(0, 8)}`);
    location.reload();
  }

  /** Record an action. Where the market is away it is kept, and sent once it is back. */
  track(action, about = {}) {
    return this.attempt((punnet) => punnet.track(action, about));
  }

  /** Record what was done to a product. */
  tell(action, product) {
    return this.track(action, { entityId: product.id, entityType: "PRODUCT" });
  }

  add(product) {
    this.basket.change(product, 1);
    this.#tell("basket", product);
    return this.tell("ADD_TO_CART", product);
  }

  /** Put one more of a product into the basket, or with -1 take one out. */
  change(product, by) {
    if (this.basket.change(product, by) === 0) this.tell("REMOVE_FROM_CART", product);
    this.#tell("basket");
  }

  remove(product) {
    this.basket.remove(product);
    this.#tell("basket");
    return this.tell("REMOVE_FROM_CART", product);
  }

  /** Put a product on the wishlist, or off it. Returns whether it is on it now. */
  wish(product) {
    const wished = this.basket.wish(product);
    this.tell(wished ? "ADD_TO_WISHLIST" : "REMOVE_FROM_WISHLIST", product);
    return wished;
  }

  /** Buy what is in the basket. The answer says what to show next, and reflects the purchase. */
  async buy() {
    const { lines, purchase } = this.basket;
    const items = lines.map(({ product, quantity }) => ({
      productId: product.id,
      quantity,
      unitPrice: product.price,
    }));
    const about = { entityType: "ORDER", metadata: { items }, limit: 6, ...purchase };
    const answer = await this.punnet.act("COMPLETE_PURCHASE", about);
    this.basket.empty();
    this.#tell("basket");
    return answer;
  }

  /** Count recommendations that the shopper has before their eyes, each once a page. */
  saw(products) {
    const productIds = products.map(({ id }) => id).filter((id) => !this.#shown.has(id));
    for (const id of productIds) this.#shown.add(id);
    if (productIds.length) this.track("VIEW_RECOMMENDATIONS", { metadata: { productIds } });
  }

  /** Do something with the server that may fail; what fails is said, and gives null. */
  async attempt(work) {
    try {
      return await work(this.punnet);
    } catch (error) {
      this.#tell("failed", error);
      return null;
    }
  }

  #fell({ product, oldPrice, lastSeenPrice = oldPrice }, message) {
    const others = this.drops.filter((drop) => drop.product.id !== product.id);
    const drops = [{ product, was: lastSeenPrice }, ...others].slice(0, DROPS_KEPT);
    sessionStorage.setItem(this.#dropsKey, JSON.stringify(drops));
    this.basket.reprice(product);
    this.#tell("drops", message);
    this.#tell("news", message);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function userOfAddress() {
  const asked = new URLSearchParams(location.search).get("user");
  return asked || sessionStorage.getItem("punnet.user") || SHOPPERS[0];
}

export const market = new Market();
