/** The ways a product is shown: a pick (a suggestion, with its reason) and a good on the shelf. */

import { picture } from "./art.js";
import { el, say } from "./dom.js";
import { market } from "./market.js";
import { price, reason, shares, soldOut, unit } from "./words.js";

/** The address of a product's page. */
export const pageOf = (product) => `product?id=${encodeURIComponent(product.id)}`;

/** The address of all that a category has. */
export const shelfOf = (category) => `search?category=${encodeURIComponent(category)}`;

/** A suggestion, with how it moved in its list; `beside` is what it stands beside: "product", "basket" or nothing. */
export function pick(recommendation, move, beside) {
  const { product } = recommendation;
  return el(
    "li",
    { className: "pick", "data-key": product.id },
    picture(product, "pick-art"),
    flag(move),
    el(
      "div",
      { className: "pick-text" },
      name(recommendation),
      el("p", { className: "facts", textContent: product.farm.name }),
      el("p", { className: "reason", textContent: reason(recommendation, beside) }),
      el(
        "div",
        { className: "cost" },
        el("b", { textContent: price(product.price) }),
        ` ${unit(product)}`,
        why(recommendation),
      ),
    ),
    plus(product),
  );
}

/** A product standing on the shelf, its label below; with what it cost before, where its price fell. */
export function good(one, move, was) {
  const { product } = one;
  return el(
    "li",
    { className: "good", "data-key": product.id },
    picture(product, "good-art"),
    product.organic ? el("span", { className: "organic", textContent: "organic" }) : null,
    move === "new" ? flag(move) : null,
    el(
      "div",
      { className: "label" },
      name(one),
      el("p", { className: "facts", textContent: product.farm.name }),
      el("div", { className: "label-foot" }, tag(product, was), plus(product)),
    ),
  );
}

/** A price tag; where the price fell, with what it was before. */
export function tag(product, was) {
  return el(
    "span",
    { className: was ? "tag fell" : "tag" },
    was ? el("s", {}, el("span", { className: "unseen", textContent: "before " }), price(was)) : null,
    was ? " " : null,
    el("b", { textContent: price(product.price) }),
    ` ${unit(product)}`,
  );
}

function flag(move) {
  if (move === "new") return el("span", { className: "flag", textContent: "new" });
  if (!move) return null;
  return el("span", { className: "flag rose", title: `${move} places up`, textContent: `↑ ${move}` });
}

/** The name leads to the page. Who follows a suggestion has clicked a recommendation. */
function name({ product, metadata }) {
  const follow = () => metadata && market.tell("CLICK_RECOMMENDATION", product);
  const link = el(
    "a",
    { className: "open", href: pageOf(product), onclick: follow },
    el("span", { textContent: product.name }),
  );
  return el("h3", { className: "name" }, link);
}

function plus(product) {
  if (soldOut(product)) return el("span", { className: "gone", textContent: "sold out" });
  return el("button", {
    type: "button",
    className: "plus",
    "aria-label": `Add ${product.name} to the basket`,
    title: "Add to basket",
    onclick: () => {
      market.add(product);
      say(`${product.name} is in the basket.`);
    },
  });
}

/** A small toggle that shows which algorithms made the score, as bars. */
function why(recommendation) {
  const parts = shares(recommendation);
  if (!parts.length) return null;
  const details = el(
    "details",
    { className: "why", name: "why" },
    el("summary", { "aria-label": `Why ${recommendation.product.name}?`, textContent: "why?" }),
    el("div", { className: "why-sheet" }, ...reckoning(recommendation, parts)),
  );
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    details.open = false;
    details.querySelector("summary").focus();
  });
  return details;
}

/** How a score comes about: a bar for each algorithm, and the sum. */
export function reckoning({ score, confidence }, parts) {
  return [
    el("ul", { className: "bars" }, ...parts.map((part) => bar(part, parts[0].share))),
    el(
      "p",
      { className: "bars-sum" },
      "score ",
      el("b", { textContent: score.toFixed(2) }),
      ` · confidence ${Math.round(confidence * 100)} %`,
    ),
  ];
}

function bar({ label, score, weight, share }, largest) {
  const fill = el("span", { className: "bar" });
  fill.style.setProperty("--share", largest > 0 ? share / largest : 0);
  const figures = `${score.toFixed(2)} × ${weight.toFixed(2)}`;
  return el(
    "li",
    {},
    el("span", { className: "bar-label", textContent: label }),
    el("span", { className: "bar-figures", textContent: figures }),
    fill,
  );
}
