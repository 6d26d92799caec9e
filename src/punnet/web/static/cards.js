/** The two ways a product is shown: a pick (a suggestion, with its reason) and a good on the shelf. */

import { picture } from "./art.js";
import { el } from "./dom.js";
import { price, reason, shares, soldOut, unit } from "./words.js";

/** A suggestion, with how it moved in its list. `shop` has open(product, event) and add(product). */
export function pick(recommendation, move, shop, beside) {
  const { product } = recommendation;
  return el(
    "li",
    { className: "pick", "data-key": product.id },
    picture(product, "pick-art"),
    flag(move),
    el(
      "div",
      { className: "pick-text" },
      name(product, shop),
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
    plus(product, shop),
  );
}

/** A product standing on the shelf, its label below. */
export function good({ product }, shop) {
  return el(
    "li",
    { className: "good", "data-key": product.id },
    picture(product, "good-art"),
    el(
      "div",
      { className: "label" },
      name(product, shop),
      el("p", { className: "facts", textContent: product.farm.name }),
      el(
        "div",
        { className: "label-foot" },
        el("span", { className: "tag" }, el("b", { textContent: price(product.price) }), ` ${unit(product)}`),
        plus(product, shop),
      ),
    ),
    product.organic ? el("span", { className: "organic", textContent: "organic" }) : null,
  );
}

function flag(move) {
  if (move === "new") return el("span", { className: "flag", textContent: "new" });
  if (!move) return null;
  return el("span", { className: "flag rose", title: `${move} places up`, textContent: `↑ ${move}` });
}

function name(product, shop) {
  const words = el("span", { textContent: product.name });
  const button = el(
    "button",
    { type: "button", className: "open", onclick: (event) => shop.open(product, event) },
    words,
  );
  return el("h3", { className: "name" }, button);
}

function plus(product, shop) {
  if (soldOut(product)) return el("span", { className: "gone", textContent: "sold out" });
  const label = `Add ${product.name} to the basket`;
  return el("button", {
    type: "button",
    className: "plus",
    "aria-label": label,
    title: "Add to basket",
    onclick: () => shop.add(product),
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
    el(
      "div",
      { className: "why-sheet" },
      el("ul", { className: "bars" }, ...parts.map((part) => bar(part, parts[0].share))),
      el(
        "p",
        { className: "bars-sum" },
        "score ",
        el("b", { textContent: recommendation.score.toFixed(2) }),
        ` · confidence ${Math.round(recommendation.confidence * 100)} %`,
      ),
    ),
  );
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    details.open = false;
    details.querySelector("summary").focus();
  });
  return details;
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
