/** A section of the page that shows products: it lets the eye follow what changes, and counts what was seen. */

import { pick } from "./cards.js";
import { arrange } from "./dom.js";
import { market } from "./market.js";
import { names } from "./words.js";

const rows = [];
const CHANGED = "rows-changed";
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries)
    if (isIntersecting) rows.find((row) => row.section === target)?.count();
});

/** All rows of the page with what they show: [{title, recommendations}], for those who want to know why. */
export const shown = () => rows.filter(({ recommendations }) => recommendations.length);

/** Call `listener` whenever a row shows something else. */
export const onRows = (listener) => addEventListener(CHANGED, listener);

export class Row {
  section;
  recommendations = [];
  #list;
  #note;
  #build;
  #sight = false;

  /** `build(recommendation, move)` makes the node of one product. */
  constructor(section, build = pick) {
    this.section = section;
    this.#list = section.querySelector("ol, ul");
    this.#note = section.querySelector(".note");
    this.#build = build;
    rows.push(this);
    seen.observe(section);
  }

  get title() {
    return this.section.querySelector("h1, h2").textContent;
  }

  set title(words) {
    this.section.querySelector("h1, h2").textContent = words;
  }

  /** Whether somebody is about to use it. */
  get busy() {
    return this.section.matches(":hover, :focus-within");
  }

  /**
   * Show these, and hide the row where there are none. `since` says what changed them: `you bought Limes`;
   * `greeting` is the note above a list that is shown for the first time.
   */
  show(recommendations, { since = "", greeting = "" } = {}) {
    const order = this.recommendations.map(({ product }) => product.id).join();
    this.recommendations = recommendations;
    this.section.hidden = recommendations.length === 0;
    const change = arrange(this.#list, recommendations, this.#build);
    const same = order === recommendations.map(({ product }) => product.id).join();
    if (!order) this.#note.textContent = greeting;
    else if (!same) this.#note.textContent = changed(change, since);
    if (this.#sight) this.count();
    dispatchEvent(new Event(CHANGED));
  }

  /** Count what is shown as seen, now and from now on. */
  count() {
    this.#sight = true;
    market.saw(this.recommendations.filter(({ metadata }) => metadata).map(({ product }) => product));
  }
}

/** What builds the picks of a row beside a product or the basket. */
export const beside = (what) => (one, move) => pick(one, move, what);

function changed({ arrived, risen }, since) {
  const because = since ? `, since ${since}` : "";
  const up = risen.length ? `${risen.length} moved up` : "";
  if (!arrived.length) return `${up || "In a new order"}${because}.`;
  return `${arrived.length} new${up && ` and ${up}`}${because}: ${names(arrived)}.`;
}
