/** The market's first page: for you, price drops, trending, new arrivals, and the shelf. */

import { CATEGORIES } from "./art.js";
import { startChips } from "./chips.js";
import { good, shelfOf } from "./cards.js";
import { arrange, el } from "./dom.js";
import { market } from "./market.js";
import { Row } from "./row.js";
import "./sign.js";

const [PICKS, A_FEW, LOOK] = [12, 6, 60];
const BREATH = 400; // milliseconds from an action to the look at what it changed
const LONGER = 2000; // milliseconds until it is tried again while somebody reaches for the board

const board = new Row(document.querySelector(".board"));
const drops = new Row(document.getElementById("drops"), (one, move) => good(one, move, one.was));
const trending = new Row(document.getElementById("trending"), good);
const arrivals = new Row(document.getElementById("arrivals"), good);
let timer = 0;

/** Ask what is for the shopper now; `since` says what may have changed it. */
async function look(since) {
  const answer = await market.attempt((punnet) => punnet.recommend({ context: "HOME", limit: LOOK }));
  if (!answer) return;
  const { recommendations } = answer;
  board.show(recommendations.slice(0, PICKS), { since, greeting: greeting() });
  trending.show(offered(recommendations.slice(PICKS), "trending"), { greeting: "Selling fast this week." });
  arrivals.show(offered(recommendations, "new_arrivals"));
}

/** The best of those that one algorithm offered, by its own score. */
function offered(recommendations, algorithm) {
  const score = ({ metadata }) => metadata.contributions?.[algorithm]?.score ?? -1;
  const found = recommendations.filter((one) => score(one) >= 0);
  return found.sort((one, other) => score(other) - score(one)).slice(0, A_FEW);
}

function greeting() {
  if (!market.isVisitor) return `Picked for ${market.userId}. It changes as you shop.`;
  return "Nobody knows you yet: this is what the market likes. Open a few things and watch.";
}

function lookAgain(since, pause = BREATH) {
  clearTimeout(timer);
  timer = setTimeout(() => look(since), pause);
}

/** Others changed it: look, but not while somebody reaches for something on the board. */
function lookWhenFree(since) {
  clearTimeout(timer);
  timer = setTimeout(() => (board.busy ? lookWhenFree(since) : look(since)), board.busy ? LONGER : 0);
}

function showDrops() {
  drops.show(market.drops.slice(0, A_FEW), { greeting: "They fell while you were here." });
}

/** A stall a category, filled one after the other; a market may have other categories than those of the demo. */
async function stockShelf() {
  const stalls = CATEGORIES.map(stall);
  document.getElementById("stalls").replaceChildren(...stalls);
  for (const node of stalls) {
    const query = { category: node.dataset.category, limit: A_FEW, context: "SEARCH" };
    const answer = await market.attempt((punnet) => punnet.recommend(query));
    if (!answer) return;
    node.hidden = answer.recommendations.length === 0;
    arrange(node.querySelector(".goods"), answer.recommendations, good);
  }
}

function stall(category) {
  const more = el("a", {
    className: "more",
    textContent: "See all",
    "aria-label": `See all of ${category}`,
    href: shelfOf(category),
  });
  return el(
    "section",
    { className: "stall", "aria-label": category, "data-category": category },
    el("div", { className: "row-head" }, el("h3", { textContent: category }), more),
    el("ul", { className: "goods" }),
  );
}

startChips();
showDrops();
look("");
stockShelf();
market.addEventListener("basket", ({ detail }) => detail && lookAgain(`${detail.name} went into your basket`));
market.addEventListener("drops", showDrops);
market.addEventListener("news", () => lookAgain("something changed on the shelf"));
market.addEventListener("others", () => lookWhenFree("others were shopping"));
market.addEventListener("trending", () => lookWhenFree("the trends changed"));
market.punnet.on("unresumed", () => look("you were away"));
