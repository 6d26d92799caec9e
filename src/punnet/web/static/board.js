/** The board: what the market suggests to this shopper, and what has changed on it. */

import { recommend } from "./api.js";
import { pick } from "./cards.js";
import { arrange } from "./dom.js";
import { names } from "./words.js";

const MANY = 12;
const BREATH = 400; // milliseconds between an action and the look at what it changed
const LONGER = 2000; // milliseconds until it is tried again while the board is in use

export class Board {
  #shop;
  #list = document.getElementById("picks");
  #note = document.getElementById("board-note");
  #timer = 0;

  /** `shop` has userId, open, add and failed(error). */
  constructor(shop) {
    this.#shop = shop;
  }

  /** Wipe it for another shopper, and write it anew. */
  begin() {
    clearTimeout(this.#timer);
    this.#list.replaceChildren();
    this.#note.textContent = "";
    return this.show();
  }

  /** Look in a moment what has changed since something was done: `you looked at Limes`. */
  lookAgain(since, breath = BREATH) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.show(since), breath);
  }

  /** Others changed it: look, but not while somebody reaches for something on it. */
  lookWhenFree(since) {
    const busy = this.#list.closest(".board").matches(":hover, :focus-within");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (busy ? this.lookWhenFree(since) : this.show(since)), busy ? LONGER : 0);
  }

  /** Ask what is for the shopper now, and show what has changed. */
  async show(since = "") {
    const { userId } = this.#shop;
    try {
      const found = await recommend({ userId, limit: MANY, context: "HOME" });
      if (userId === this.#shop.userId) this.#write(found, since);
    } catch (error) {
      this.#shop.failed(error);
    }
  }

  #write(found, since) {
    const order = [...this.#list.children].map((node) => node.dataset.key).join();
    if (order === found.map(({ product }) => product.id).join()) return;
    const change = arrange(this.#list, found, (one, move) => pick(one, move, this.#shop));
    this.#note.textContent = order ? changed(change, since) : greeting(this.#shop.userId);
  }
}

function greeting(userId) {
  if (!userId.startsWith("visitor-")) return `Picked for ${userId}. It changes as you click.`;
  return "Nobody knows you yet: this is what the market likes. Open a few things and watch.";
}

function changed({ arrived, risen }, since) {
  const because = since ? `, since ${since}` : "";
  const up = risen.length ? `${risen.length} moved up` : "";
  if (!arrived.length) return `${up || "In a new order"}${because}.`;
  return `${arrived.length} new${up && ` and ${up}`}${because}: ${names(arrived)}.`;
}
