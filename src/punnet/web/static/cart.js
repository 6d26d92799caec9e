/** The basket: what is in it, what would complete it, and the purchase. */

import { pageOf } from "./cards.js";
import { Refused, Unreachable } from "./client/index.js";
import { drawing, el } from "./dom.js";
import { market } from "./market.js";
import { beside, Row } from "./row.js";
import "./sign.js";
import { count, price } from "./words.js";

const MANY = 6;
const BOUGHT_TOO = "Customers who bought these items also bought:";
const lines = document.getElementById("lines");
const completes = new Row(document.getElementById("completes"), beside("basket"));
let thanked = false;

async function look(since) {
  if (!market.basket.count || thanked) return;
  const answer = await market.attempt((punnet) => punnet.recommend({ context: "CART", limit: MANY }));
  if (answer) suggest(answer.recommendations, since);
}

/** What is in the basket of this page but not yet in the server's: leave it out. */
function suggest(recommendations, since) {
  const others = recommendations.filter(({ product }) => !market.basket.holds(product));
  completes.show(others, { since, greeting: BOUGHT_TOO });
}

function show() {
  thanked = false;
  const { basket } = market;
  const held = document.activeElement;
  const [key, name] = [held?.closest("[data-key]")?.dataset.key, held?.className];
  lines.replaceChildren(...(basket.count ? receipt(basket) : [empty()]));
  if (!basket.count) completes.show([]);
  if (!key) return;
  const same = lines.querySelector(`[data-key="${CSS.escape(key)}"] .${name.split(" ").join(".")}`);
  (same ?? lines.querySelector("button, a")).focus();
}

function receipt(basket) {
  const buy = el("button", {
    type: "button",
    className: "primary",
    textContent: `Buy ${count(basket.count, "thing")}`,
    onclick: () => purchase(buy),
  });
  return [
    el("ul", { className: "lines" }, ...basket.lines.map(row)),
    el("p", { className: "total" }, "Together", el("b", { textContent: price(basket.total) })),
    buy,
  ];
}

function row({ product, quantity }) {
  const step = (by, label) =>
    el("button", {
      type: "button",
      className: by > 0 ? "step more-of" : "step less-of",
      "aria-label": `${label} ${product.name}`,
      onclick: () => market.change(product, by),
    });
  return el(
    "li",
    { "data-key": product.id },
    el("a", { className: "line-name", href: pageOf(product), textContent: product.name }),
    el("span", { className: "line-price", textContent: price(quantity * product.price) }),
    el(
      "span",
      { className: "steps" },
      step(-1, "One less of"),
      el("span", { textContent: quantity }),
      step(1, "One more of"),
    ),
    el("button", {
      type: "button",
      className: "remove",
      textContent: "remove",
      "aria-label": `Remove ${product.name}`,
      onclick: () => market.remove(product),
    }),
  );
}

function empty() {
  return el(
    "div",
    { className: "bare" },
    drawing("bag"),
    el("p", { textContent: "Your basket is empty. Whatever you put in brings suggestions that complete it." }),
    el("p", {}, el("a", { href: "./", textContent: "To the market" })),
  );
}

async function purchase(button) {
  const bought = [...market.basket.lines];
  const total = market.basket.total;
  button.disabled = true;
  try {
    const answer = await market.buy();
    thank(bought, total, answer.recommendations);
  } catch (error) {
    button.disabled = false;
    if (error instanceof Refused) unsold(`${error.message} Nothing was bought; your basket is still here.`);
    else if (error instanceof Unreachable) unsold(`${error.message} Press again: it is bought only once.`);
    else throw error;
  }
}

function thank(bought, total, recommendations) {
  const farms = new Set(bought.map(({ product }) => product.farm.id)).size;
  const title = el("h2", { textContent: "Thank you!", tabIndex: -1 });
  lines.replaceChildren(
    el(
      "div",
      { className: "bare thanks" },
      drawing("flowers"),
      title,
      el("p", {
        textContent: `${count(bought.length, "product")} from ${count(farms, "farm")} for ${price(total)}. What others are shown has changed already.`,
      }),
      el("p", {}, el("a", { href: "./", textContent: "Back to the market" })),
    ),
  );
  thanked = true;
  completes.title = "For the next time";
  completes.show(recommendations, { since: "you bought" });
  title.focus();
}

function unsold(sentence) {
  lines.querySelector(".unsold")?.remove();
  lines.append(el("p", { className: "unsold", role: "alert", textContent: sentence }));
}

show();
look("");
market.addEventListener("basket", show);
market.punnet.on("CART_RECOMMENDATION", ({ recommendations }) =>
  suggest(recommendations, "you put something in"),
);
market.addEventListener("news", () => {
  if (!thanked) show();
  look("something changed on the shelf");
});
market.punnet.on("unresumed", () => look("you were away"));
