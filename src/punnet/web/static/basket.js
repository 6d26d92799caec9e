/** The shopper's basket, kept in the tab. */

import { newId } from "./client/ids.js";

export class Basket {
  #key;
  #kept;

  constructor(userId) {
    this.#key = `punnet.basket.${userId}`;
    this.#kept = JSON.parse(sessionStorage.getItem(this.#key) ?? "null") ?? { lines: [], wishes: [] };
  }

  /** [{product, quantity}], first in, first listed. */
  get lines() {
    return this.#kept.lines;
  }

  /**
   * What names the purchase of this basket, the same each time it is tried, so that trying again buys once.
   * Whatever changes the basket makes it another purchase.
   */
  get purchase() {
    this.#kept.purchase ??= { entityId: newId(), eventId: newId(), timestamp: new Date().toISOString() };
    this.#keep();
    return this.#kept.purchase;
  }

  get count() {
    return this.lines.reduce((sum, line) => sum + line.quantity, 0);
  }

  get total() {
    return this.lines.reduce((sum, line) => sum + line.quantity * line.product.price, 0);
  }

  /** How many of a product are in it. */
  holds(product) {
    return this.lines.find((line) => line.product.id === product.id)?.quantity ?? 0;
  }

  /** Put one in, or with -1 take one out. Returns how many there are then. */
  change(product, by) {
    const line = this.lines.find((one) => one.product.id === product.id) ?? { product, quantity: 0 };
    if (!this.lines.includes(line)) this.lines.push(line);
    line.quantity += by;
    if (line.quantity <= 0) this.#kept.lines = this.lines.filter((one) => one !== line);
    this.#changed();
    return Math.max(line.quantity, 0);
  }

  /** Take all of a product out. */
  remove(product) {
    this.#kept.lines = this.lines.filter((line) => line.product.id !== product.id);
    this.#changed();
  }

  /** What a product costs has changed. A purchase that was tried already keeps its prices. */
  reprice(product) {
    const line = this.lines.find((one) => one.product.id === product.id);
    if (!line || this.#kept.purchase) return;
    line.product = product;
    this.#keep();
  }

  /** The purchase went through. */
  empty() {
    this.#kept.lines = [];
    this.#changed();
  }

  isWished(product) {
    return this.#kept.wishes.includes(product.id);
  }

  /** Put a product on the wishlist, or off it. Returns whether it is on it now. */
  wish(product) {
    const { wishes } = this.#kept;
    const wished = !wishes.includes(product.id);
    this.#kept.wishes = wished ? [...wishes, product.id] : wishes.filter((id) => id !== product.id);
    this.#keep();
    return wished;
  }

  #changed() {
    delete this.#kept.purchase;
    this.#keep();
  }

  #keep() {
    sessionStorage.setItem(this.#key, JSON.stringify(this.#kept));
  }
}
