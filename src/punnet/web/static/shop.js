/** The page at /: who shops, what they do, and what the market makes of it. */

import { act, newId, recommend, Refused, Unreachable } from "./api.js";
import { Basket } from "./basket.js";
import { Board } from "./board.js";
import { Counter } from "./counter.js";
import { bringDrawings, drawing, el, play, say } from "./dom.js";
import { Live } from "./live.js";
import { Shelf } from "./shelf.js";
import { count, names, price } from "./words.js";

const byId = (id) => document.getElementById(id);
const SHOPPERS = Array.from({ length: 6 }, (_, index) => `shopper-${String(index + 1).padStart(4, "0")}`);
const A_FEW = 5;
const ASKED = { VIEW_PRODUCT: 8, ADD_TO_CART: 6 };
const PUSHED = { RECOMMENDATION_UPDATE: "VIEW_PRODUCT", CART_RECOMMENDATION: "ADD_TO_CART" };
const PATIENCE = 1500; // milliseconds to wait for a push before asking for it
const SETTLED = 400; // milliseconds after the last of many news until the shelf is looked at again
const NOTICED = 8000; // milliseconds a notice stays when the market is there
const TOPICS = ["personalized", "price_drops", "stock_alerts", "new_arrivals"];
const AWAY = "The market’s server does not answer; what you see stays, and the page tries again by itself.";

const shop = { userId: shopperOfAddress(), basket: null, open, add, change, remove, wish, buy, told, failed };
const waiting = { VIEW_PRODUCT: 0, ADD_TO_CART: 0 };
const timers = {};
let live = null;
let onCounter = null;

// ---- who shops

function shopperOfAddress() {
  const asked = new URLSearchParams(location.search).get("user");
  return asked || sessionStorage.getItem("punnet.user") || SHOPPERS[0];
}

function fillPicker() {
  const known = SHOPPERS.includes(shop.userId) ? SHOPPERS : [...SHOPPERS, shop.userId];
  const options = known.map((id) =>
    el("option", { value: id, textContent: id.startsWith("visitor-") ? "a new visitor" : id }),
  );
  const fresh = el("option", {
    value: "",
    textContent: known === SHOPPERS ? "a new visitor" : "another new visitor",
  });
  byId("shopper").replaceChildren(...options, fresh);
  byId("shopper").value = shop.userId;
}

function become(userId) {
  shop.userId = userId || `visitor-${newId().slice(0, 8)}`;
  if (new URLSearchParams(location.search).has("user")) history.replaceState(null, "", location.pathname);
  start();
  say(`You are shopping as ${shop.userId} now.`);
}

function start() {
  sessionStorage.setItem("punnet.user", shop.userId);
  shop.basket = new Basket(shop.userId);
  onCounter = null;
  fillPicker();
  counter.clear();
  showTote();
  live?.close();
  for (const action of Object.keys(waiting)) {
    waiting[action] = 0;
    clearTimeout(timers[action]);
  }
  live = new Live(shop.userId, TOPICS, { onState, onMessage });
  shelf.show();
  board.begin();
  showEveryone();
}

// ---- what the shopper does

function open(product, event) {
  onCounter = product;
  counter.put(product, event);
  tell("VIEW_PRODUCT", product);
  board.lookAgain(`you looked at ${product.name}`);
}

function add(product) {
  shop.basket.change(product, 1);
  showTote(true);
  counter.basket(true);
  say(`${product.name} is in the basket.`);
  tell("ADD_TO_CART", product);
  board.lookAgain(`${product.name} went into your basket`);
}

function change(product, by) {
  if (shop.basket.change(product, by) === 0) told("REMOVE_FROM_CART", {}, product);
  showTote();
  counter.basket();
}

function remove(product) {
  shop.basket.remove(product);
  told("REMOVE_FROM_CART", {}, product);
  showTote();
  counter.basket();
  say(`${product.name} is out of the basket.`);
}

function wish(product) {
  const wished = shop.basket.wish(product);
  told(wished ? "ADD_TO_WISHLIST" : "REMOVE_FROM_WISHLIST", {}, product);
  board.lookAgain(wished ? `you wished for ${product.name}` : `you no longer wish for ${product.name}`);
  return wished;
}

async function buy(button) {
  const { lines, total, purchase } = shop.basket;
  const items = lines.map(({ product, quantity }) => ({
    productId: product.id,
    quantity,
    unitPrice: product.price,
  }));
  const action = {
    userId: shop.userId,
    action: "COMPLETE_PURCHASE",
    entityType: "ORDER",
    metadata: { items },
  };
  button.disabled = true;
  try {
    const next = await act({ ...action, ...purchase, limit: ASKED.ADD_TO_CART });
    const bought = names(lines);
    const farms = new Set(lines.map(({ product }) => product.farm.id)).size;
    shop.basket.empty();
    counter.bought(
      `${count(lines.length, "product")} from ${count(farms, "farm")} for ${price(total)}. Look what it changed.`,
      next,
    );
    showTote();
    board.lookAgain(`you bought ${bought}`, 0);
  } catch (error) {
    if (error instanceof Refused)
      counter.unsold(`${error.message} Nothing was bought; your basket is still here.`);
    else if (error instanceof Unreachable)
      counter.unsold(`${error.message} Press again: it is bought only once.`);
    else throw error;
  }
}

// ---- telling the market

/** Tell what was done to a product, and wait for the suggestions it brings. */
function tell(action, product) {
  const payload = { type: action, entityId: product.id, entityType: "PRODUCT", eventId: newId() };
  if (!live.send("USER_ACTION", payload)) return post(action, product, payload.eventId);
  waiting[action] += 1;
  clearTimeout(timers[action]);
  timers[action] = setTimeout(() => ask(action, product), PATIENCE);
}

/** Without a stream the same action goes over HTTP, and its answer brings the suggestions. */
async function post(action, product, eventId) {
  const event = {
    userId: shop.userId,
    action,
    entityId: product.id,
    entityType: "PRODUCT",
    eventId,
    limit: ASKED[action],
  };
  await attempt(async () => suggest(action, await act(event)));
}

/** No push came (the same thing twice within half a second brings none): ask for the suggestions. */
async function ask(action, product) {
  waiting[action] = 0;
  const page =
    action === "VIEW_PRODUCT" ? { productId: product.id, context: "PRODUCT_DETAIL" } : { context: "CART" };
  await attempt(async () =>
    suggest(action, await recommend({ userId: shop.userId, limit: ASKED[action], ...page })),
  );
}

/** Tell what was done, without waiting for anything. */
function told(type, metadata = {}, product = undefined) {
  const entity = product ? { entityId: product.id, entityType: "PRODUCT" } : {};
  const payload = { type, metadata, eventId: newId(), ...entity };
  if (live.send("USER_ACTION", payload)) return;
  const { type: action, ...rest } = payload;
  attempt(() => act({ userId: shop.userId, action, limit: 1, ...rest }));
}

function suggest(action, recommendations) {
  if (action === "ADD_TO_CART") counter.completes(recommendations);
  else if (onCounter) counter.goesWell(recommendations);
}

/** A push belongs to the last thing done here; those of another window of the same shopper are not waited for. */
function onMessage(type, payload) {
  if (type === "ERROR") return failed(new Refused(payload.error));
  if (payload.topic === "personalized") return board.lookWhenFree("others were shopping");
  if (NEWS[type]) return news(NEWS[type](payload));
  const action = PUSHED[type];
  if (!action || !waiting[action]) return;
  waiting[action] -= 1;
  if (waiting[action]) return;
  clearTimeout(timers[action]);
  suggest(action, payload.recommendations);
}

const NEWS = {
  PRICE_DROP_ALERT: ({ product, oldPrice, lastSeenPrice = oldPrice, newPrice }) =>
    `${product.name} cost ${price(lastSeenPrice)} and is ${price(newPrice)} now.`,
  STOCK_ALERT: ({ product }) => `${product.name} from ${product.farm.name} is back.`,
  NEW_ARRIVAL_ALERT: ({ products }) =>
    `New from ${products[0].farm.name}: ${names(products.map((product) => ({ product })))}.`,
};

/** Something changed in the market: say it where everyone sees it, and show it on the shelf. */
function news(sentence) {
  const node = byId("news");
  node.hidden = false;
  node.textContent = sentence;
  clearTimeout(timers.news);
  timers.news = setTimeout(() => (node.hidden = true), NOTICED);
  clearTimeout(timers.shelf);
  timers.shelf = setTimeout(() => shelf.show(), SETTLED);
}

/** What somebody would see whom the market does not know, to compare. */
async function showEveryone() {
  if (shop.userId.startsWith("visitor-")) return;
  await attempt(async () =>
    counter.everyone(await recommend({ userId: "nobody", limit: A_FEW, context: "HOME" })),
  );
}

// ---- how the market is

function onState(state) {
  const link = byId("link");
  const back = link.dataset.state === "reconnecting" && state === "live";
  link.dataset.state = state;
  link.textContent = state === "live" ? "Live" : "Reconnecting…";
  if (state === "reconnecting") notice(AWAY);
  if (back) {
    notice("");
    shelf.show();
    board.show();
  }
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    failed(error);
  }
}

function failed(error) {
  if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
  notice(error instanceof Unreachable ? AWAY : error.message);
  clearTimeout(timers.notice);
  timers.notice = setTimeout(() => byId("link").dataset.state === "live" && notice(""), NOTICED);
}

function notice(sentence) {
  const node = byId("notice");
  node.hidden = !sentence;
  if (node.textContent !== sentence) node.textContent = sentence;
}

function showTote(bump = false) {
  const { basket } = shop;
  const tote = byId("tote");
  const label = basket.count ? `${count(basket.count, "thing")}, ${price(basket.total)}` : "empty";
  tote.replaceChildren(
    drawing("bag"),
    el("span", { textContent: basket.count ? price(basket.total) : "Basket" }),
  );
  if (basket.count) tote.append(el("b", { textContent: basket.count }));
  tote.setAttribute("aria-label", `Basket: ${label}`);
  if (bump) play(tote, [{ transform: "scale(1.08)" }, { transform: "none" }], { duration: 300 });
}

const board = new Board(shop);
const counter = new Counter(shop);
const shelf = new Shelf(shop);
byId("shopper").addEventListener("change", (event) => become(event.target.value));
byId("tote").addEventListener("click", (event) => counter.openBasket(event));
document.addEventListener("click", ({ target }) => {
  for (const why of document.querySelectorAll("details[open]")) if (!why.contains(target)) why.open = false;
});
bringDrawings();
addEventListener("pagehide", () => live.close());
addEventListener("pageshow", (event) => event.persisted && start());
start();
