/** The sign over every page: who shops, whether the market is there, what is new, and the basket. */

import { Refused, Unreachable } from "./client/index.js";
import { bringDrawings, drawing, el, play } from "./dom.js";
import { startDrawer } from "./drawer.js";
import { startIdeas } from "./ideas.js";
import { market, SHOPPERS } from "./market.js";
import { names, price } from "./words.js";

const byId = (id) => document.getElementById(id);
const NOTICED = 8000; // milliseconds a notice stays when the market is there
const AWAY =
  "The market’s server does not answer; what you see stays, what you do is kept, and the page tries again by itself.";

const NEWS = {
  PRICE_DROP_ALERT: ({ product, oldPrice, lastSeenPrice = oldPrice, newPrice }) =>
    `${product.name} cost ${price(lastSeenPrice)} and is ${price(newPrice)} now.`,
  STOCK_ALERT: ({ product }) => `${product.name} from ${product.farm.name} is back.`,
  NEW_ARRIVAL_ALERT: ({ products }) =>
    `New from ${products[0].farm.name}: ${names(products.map((product) => ({ product })))}.`,
};

const timers = {};

function fillPicker() {
  const known = SHOPPERS.includes(market.userId) ? SHOPPERS : [...SHOPPERS, market.userId];
  const options = known.map((id) =>
    el("option", { value: id, textContent: id.startsWith("visitor-") ? "a new visitor" : id }),
  );
  const fresh = known === SHOPPERS ? "a new visitor" : "another new visitor";
  byId("shopper").replaceChildren(...options, el("option", { value: "", textContent: fresh }));
  byId("shopper").value = market.userId;
}

function showState(state) {
  const link = byId("link");
  const shown = state === "live" ? "live" : state === "reconnecting" ? "reconnecting" : "connecting";
  link.dataset.state = shown;
  link.textContent = { live: "Live", reconnecting: "Reconnecting…", connecting: "Connecting…" }[shown];
  if (shown === "reconnecting") notice(AWAY);
  else if (byId("notice").textContent === AWAY) notice("");
}

function showTote(added) {
  const { basket } = market;
  const tote = byId("tote");
  const unseen = (textContent) => el("span", { className: "unseen", textContent });
  const held = [
    unseen("Basket: "),
    el("span", { textContent: price(basket.total) }),
    el("b", {}, String(basket.count), unseen(basket.count === 1 ? " thing" : " things")),
  ];
  const empty = [el("span", { textContent: "Basket" }), unseen(" is empty")];
  tote.replaceChildren(drawing("bag"), ...(basket.count ? held : empty));
  if (added) play(tote, [{ transform: "scale(1.08)" }, { transform: "none" }], { duration: 300 });
}

function failed(error) {
  if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
  notice(error instanceof Unreachable ? AWAY : error.message);
  clearTimeout(timers.notice);
  timers.notice = setTimeout(() => market.punnet.state === "live" && notice(""), NOTICED);
}

function notice(sentence) {
  const node = byId("notice");
  node.hidden = !sentence;
  if (node.textContent !== sentence) node.textContent = sentence;
}

/** Something changed in the market: say it where everyone sees it. */
function news({ type, payload }) {
  const node = byId("news");
  node.hidden = false;
  node.textContent = NEWS[type](payload);
  clearTimeout(timers.news);
  timers.news = setTimeout(() => (node.hidden = true), NOTICED);
}

bringDrawings();
fillPicker();
showTote();
showState(market.punnet.state);
startIdeas();
startDrawer();
byId("shopper").addEventListener("change", ({ target }) => market.become(target.value));
market.punnet.on("state", showState);
market.addEventListener("basket", ({ detail }) => showTote(Boolean(detail)));
market.addEventListener("news", ({ detail }) => news(detail));
market.addEventListener("failed", ({ detail }) => failed(detail));
document.addEventListener("click", ({ target }) => {
  for (const why of document.querySelectorAll("details.why[open]"))
    if (!why.contains(target)) why.open = false;
});
