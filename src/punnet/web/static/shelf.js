/** The shelf: every category with a few goods, one category in full, or what a search finds. */

import { recommend } from "./api.js";
import { CATEGORIES, categoryDrawing } from "./art.js";
import { good } from "./cards.js";
import { arrange, el } from "./dom.js";
import { count } from "./words.js";

const [A_FEW, MANY, FOUND] = [4, 48, 24];
const PAUSE = 250; // milliseconds without a key before a search starts

export class Shelf {
  #shop;
  #chips = document.getElementById("chips");
  #note = document.getElementById("shelf-note");
  #stalls = document.getElementById("stalls");
  #words = document.getElementById("words");
  #category = "";
  #asked = 0;

  /** `shop` has userId, open, add, told(action, metadata) and failed(error). */
  constructor(shop) {
    this.#shop = shop;
    this.#chips.replaceChildren(...["", ...CATEGORIES].map((category) => this.#chip(category)));
    let timer;
    this.#words.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#search(), PAUSE);
    });
    document.getElementById("search").addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(timer);
      this.#search();
    });
  }

  /** Show again what is chosen, for the shopper of now. */
  show() {
    const words = this.#words.value.trim();
    this.#asked += 1;
    this.#mark();
    if (words) return this.#fill({ searchQuery: words, limit: FOUND, context: "SEARCH" });
    if (this.#category) return this.#fill({ category: this.#category, limit: MANY, context: "SEARCH" });
    return this.#all();
  }

  /** Show one category, or with "" all of them. */
  choose(category) {
    this.#category = category;
    this.#words.value = "";
    if (category) this.#shop.told("FILTER_CATEGORY", { category });
    return this.show();
  }

  #search() {
    const searchQuery = this.#words.value.trim();
    if (searchQuery) this.#shop.told("SEARCH", { searchQuery });
    return this.show();
  }

  #chip(category) {
    const drawn = category ? categoryDrawing(category) : null;
    const properties = {
      type: "button",
      className: "chip",
      value: category,
      onclick: () => this.choose(category),
    };
    return el("button", properties, drawn, category || "Everything");
  }

  #learn(found) {
    const known = [...this.#chips.children].map((chip) => chip.value);
    const heard = new Set(found.map(({ product }) => product.category));
    for (const category of heard) if (!known.includes(category)) this.#chips.append(this.#chip(category));
  }

  #mark() {
    const chosen = this.#words.value.trim() ? null : this.#category;
    for (const chip of this.#chips.children) chip.setAttribute("aria-pressed", String(chip.value === chosen));
  }

  async #fill(query) {
    const asked = this.#asked;
    const found = await this.#ask(query);
    if (!found || asked !== this.#asked) return;
    this.#note.textContent = found.length ? said(query, found) : "Nothing of that today.";
    this.#learn(found);
    let list = this.#stalls.querySelector(".goods.wide");
    if (!list) {
      list = el("ul", { className: "goods wide" });
      this.#stalls.replaceChildren(list);
    }
    arrange(list, found, (one) => good(one, this.#shop));
  }

  /** A stall a category, filled one after the other. */
  async #all() {
    this.#note.textContent = "";
    const asked = this.#asked;
    const stalls = CATEGORIES.map((category) => this.#stall(category));
    this.#stalls.replaceChildren(...stalls);
    for (const stall of stalls) {
      await this.#stock(stall);
      if (asked !== this.#asked) return;
    }
    // A market of other categories than those of the demo: show what there is, and learn them from it.
    if (stalls.every((stall) => stall.hidden)) await this.#fill({ limit: MANY, context: "SEARCH" });
  }

  #stall(category) {
    const more = el("button", {
      type: "button",
      className: "more",
      textContent: "See all",
      "aria-label": `See all of ${category}`,
      onclick: () => this.#turnTo(category),
    });
    return el(
      "section",
      { className: "stall", "aria-label": category, "data-category": category },
      el("div", { className: "stall-head" }, el("h3", { textContent: category }), more),
      el("ul", { className: "goods" }),
    );
  }

  async #stock(stall) {
    const { category } = stall.dataset;
    const found = await this.#ask({ category, limit: A_FEW, context: "SEARCH" });
    if (!found) return;
    stall.hidden = found.length === 0;
    for (const chip of this.#chips.children) if (chip.value === category) chip.hidden = found.length === 0;
    arrange(stall.querySelector(".goods"), found, (one) => good(one, this.#shop));
  }

  #turnTo(category) {
    this.choose(category);
    const chip = [...this.#chips.children].find((one) => one.value === category);
    chip.focus({ preventScroll: true });
    document.getElementById("shelf").scrollIntoView();
  }

  async #ask(query) {
    try {
      return await recommend({ userId: this.#shop.userId, ...query });
    } catch (error) {
      this.#shop.failed(error);
      return null;
    }
  }
}

function said({ searchQuery, category }, found) {
  if (category && found.length === MANY) return `The ${MANY} of ${category} that suit you best.`;
  if (category) return `${count(found.length, "thing")} in ${category}, what suits you first.`;
  if (!searchQuery) return "What suits you first.";
  const words = searchQuery.toLowerCase().split(/\s+/);
  const hit = ({ product }) =>
    words.some((word) => `${product.name} ${product.category}`.toLowerCase().includes(word));
  if (found.some(hit))
    return `${count(found.filter(hit).length, "thing")} for “${searchQuery}”, what suits you first.`;
  return `Nothing here is called “${searchQuery}”. Perhaps one of these?`;
}
