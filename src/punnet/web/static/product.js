/** A product's page: what it is, what one might like beside it, and what is often bought with it. */

import { picture } from "./art.js";
import { shelfOf, tag } from "./cards.js";
import { Refused } from "./client/index.js";
import { drawing, el, say } from "./dom.js";
import { beFarmer } from "./drawer.js";
import { market } from "./market.js";
import { beside, Row } from "./row.js";
import "./sign.js";
import { stock, soldOut } from "./words.js";

const [ALSO, TOGETHER] = [8, 4];
const id = new URLSearchParams(location.search).get("id") ?? "";
const sheet = document.getElementById("sheet");
const also = new Row(document.getElementById("also"), beside("product"));
const together = new Row(document.getElementById("together"), beside("product"));

async function open() {
  let product;
  try {
    product = await market.punnet.product(id);
  } catch (error) {
    if (error instanceof Refused) return missing();
    throw error;
  }
  document.title = `${product.name} · Punnet`;
  show(product);
  await look("");
  market.tell("VIEW_PRODUCT", product);
  const companions = await market.attempt((punnet) => punnet.together(id, TOGETHER));
  if (companions) together.show(companions.recommendations, { greeting: "In the same baskets." });
}

/** What one might like beside it; the market pushes it anew after the view and after each change. */
async function look(since) {
  const query = { productId: id, context: "PRODUCT_DETAIL", limit: ALSO };
  const answer = await market.attempt((punnet) => punnet.recommend(query));
  if (answer) also.show(answer.recommendations, { since, greeting: "Beside what you are looking at." });
}

function show(product, was) {
  const { farm } = product;
  beFarmer(product);
  sheet.replaceChildren(
    picture(product, "sheet-art"),
    el(
      "div",
      { className: "sheet-text" },
      el(
        "p",
        { className: "kicker" },
        el("a", { href: shelfOf(product.category), textContent: product.category }),
        product.organic ? el("span", { className: "organic", textContent: "organic" }) : null,
      ),
      el("h1", { textContent: product.name }),
      el("p", { className: "facts", textContent: farm.region ? `${farm.name}, ${farm.region}` : farm.name }),
      el(
        "p",
        { className: "sheet-price" },
        tag(product, was),
        el("span", { className: "stock", textContent: stock(product) }),
      ),
      el("div", { className: "actions" }, add(product), heart(product)),
    ),
  );
}

function add(product) {
  const held = market.basket.holds(product);
  const words = held ? `Add one more (${held} in the basket)` : "Add to basket";
  return el("button", {
    type: "button",
    className: "primary",
    disabled: soldOut(product),
    textContent: soldOut(product) ? "Sold out today" : words,
    onclick: (event) => {
      market.add(product);
      say(`${product.name} is in the basket.`);
      const next = add(product);
      event.currentTarget.replaceWith(next);
      next.focus();
    },
  });
}

function heart(product) {
  const button = el(
    "button",
    {
      type: "button",
      className: "wish",
      title: "Wishlist",
      "aria-label": `${product.name} on the wishlist`,
      "aria-pressed": String(market.basket.isWished(product)),
    },
    drawing("heart"),
  );
  button.addEventListener("click", () => button.setAttribute("aria-pressed", String(market.wish(product))));
  return button;
}

function missing() {
  sheet.replaceChildren(
    el(
      "div",
      { className: "bare" },
      drawing("basket"),
      el("h1", { textContent: "The market does not have this" }),
      el("p", {}, "Perhaps it went out of season. ", el("a", { href: "./", textContent: "Back to the market" })),
    ),
  );
}

/** The price or the stock of this very product changed. */
function changed({ payload }) {
  if (payload.product?.id === id) show(payload.product, payload.lastSeenPrice ?? payload.oldPrice);
  look("something changed on the shelf");
}

open();
market.punnet.on("RECOMMENDATION_UPDATE", ({ recommendations }) => {
  // Another window of the same shopper may look at another product.
  if (!recommendations.some(({ product }) => product.id === id)) also.show(recommendations, { since: "you looked" });
});
market.addEventListener("news", ({ detail }) => changed(detail));
market.addEventListener("others", () => also.busy || look("others were shopping"));
market.punnet.on("unresumed", () => open());
