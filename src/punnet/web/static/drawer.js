/** Behind the scenes: why each product is on the page, the messages as they arrive, and what a farmer could do. */

import { picture } from "./art.js";
import { pageOf, reckoning } from "./cards.js";
import { el } from "./dom.js";
import { market } from "./market.js";
import { onRows, shown } from "./row.js";
import { price, shares, soldOut } from "./words.js";

const KEPT = 60; // messages on the list
const OPEN = "punnet.drawer";
const CHEAPER = 0.8;

const drawer = document.getElementById("drawer");
const peek = document.getElementById("peek");
const messages = el("ol", { className: "messages" });
const reasons = el("div", { className: "whys" });
const line = el("p", { className: "wire" });
const farmer = el("section", { className: "farmer", hidden: true });

/** Make it ready; it is open where it was open on the page before. */
export function startDrawer() {
  drawer.append(
    el(
      "div",
      { className: "drawer-head" },
      el("h2", { id: "drawer-title", textContent: "Behind the scenes" }),
      el("button", { type: "button", className: "quiet", textContent: "Close", onclick: () => turn(false) }),
    ),
    farmer,
    section("Messages", "What the market said on this page’s stream, the latest first.", line, messages),
    section("Why these", "Score × weight of each algorithm that offered the product.", reasons),
  );
  peek.addEventListener("click", () => turn(drawer.hidden));
  drawer.addEventListener("keydown", (event) => event.key === "Escape" && turn(false));
  market.punnet.on("*", (_, message) => arrived(message));
  for (const event of ["state", "pending"]) market.punnet.on(event, showLine);
  onRows(() => drawer.hidden || showReasons());
  showLine();
  if (sessionStorage.getItem(OPEN)) open();
}

/** Let the visitor be the farmer of a product: change its price and its stock, and see who is told. */
export function beFarmer(product) {
  const offer = (words, fields) =>
    el("button", {
      type: "button",
      className: "quiet",
      textContent: words,
      onclick: () => change(product, fields),
    });
  const lower = Math.max(0.01, Math.round(product.price * CHEAPER * 100) / 100);
  farmer.replaceChildren(
    el("h3", { textContent: "Be the farmer" }),
    el("p", { textContent: `Change ${product.name}, and everybody who has a stake in it is told.` }),
    el(
      "div",
      { className: "farmer-tools" },
      offer(`Price to ${price(lower)}`, { price: lower }),
      soldOut(product)
        ? offer("Back in stock", { stock: 12, available: true })
        : offer("Sell out", { stock: 0 }),
    ),
  );
  farmer.hidden = false;
}

/** Change fields of a product. What follows comes over the stream, as it does for everybody else. */
async function change(product, fields) {
  const address = new URL(`api/products/${encodeURIComponent(product.id)}`, document.baseURI);
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(address, { method: "PATCH", headers, body: JSON.stringify(fields) });
  const { data, error } = await response.json();
  farmer.querySelector("p").textContent = error?.message ?? `${data.name}: told. Look at the messages.`;
}

function section(title, about, ...children) {
  return el("section", {}, el("h3", { textContent: title }), el("p", { textContent: about }), ...children);
}

function turn(opened) {
  sessionStorage.setItem(OPEN, opened ? "open" : "");
  if (opened) {
    open();
    return drawer.focus();
  }
  drawer.hidden = true;
  document.body.classList.remove("peeking");
  peek.setAttribute("aria-expanded", "false");
  return peek.focus();
}

function open() {
  drawer.hidden = false;
  document.body.classList.add("peeking");
  peek.setAttribute("aria-expanded", "true");
  showReasons();
}

function showLine() {
  const { state, transport, pending, lastMessageId } = market.punnet;
  const kept = pending ? ` · ${pending} kept until the market is back` : "";
  line.textContent = `${transport ?? "no stream"} · ${state}${kept}${lastMessageId ? ` · at ${lastMessageId}` : ""}`;
}

function arrived(message) {
  const time = new Date(message.timestamp).toLocaleTimeString("en-GB");
  const text = JSON.stringify(message, null, 2);
  const summary = el(
    "summary",
    {},
    el("time", { textContent: time }),
    el("b", { textContent: message.type, "data-type": message.type }),
    el("span", { textContent: gist(message) }),
  );
  messages.prepend(el("li", {}, el("details", {}, summary, el("pre", { textContent: text, tabIndex: 0 }))));
  while (messages.children.length > KEPT) messages.lastElementChild.remove();
  showLine();
}

function gist({ payload }) {
  const { product, products, recommendations, topics, eventId, error } = payload;
  if (product && payload.newPrice !== undefined)
    return `${product.name}: ${price(payload.oldPrice)} → ${price(payload.newPrice)}`;
  if (product) return product.name;
  const list = products ?? recommendations?.map((one) => one.product);
  if (list) return list.map(({ name }) => name).join(", ");
  return error ?? eventId ?? topics?.join(", ") ?? "";
}

function showReasons() {
  reasons.replaceChildren(...shown().map(whyRow));
}

function whyRow({ title, recommendations }) {
  const known = recommendations.filter(({ metadata }) => metadata?.contributions);
  if (!known.length) return "";
  return el(
    "section",
    {},
    el("h4", { textContent: title }),
    el("ol", {}, ...known.map(whyOne)),
  );
}

function whyOne(recommendation) {
  const { product } = recommendation;
  const parts = shares(recommendation);
  return el(
    "li",
    { className: "why-one" },
    picture(product, "idea-art"),
    el(
      "div",
      {},
      el("a", { href: pageOf(product), textContent: product.name }),
      ...(parts.length
        ? reckoning(recommendation, parts)
        : [el("p", { className: "bars-sum", textContent: "Filling: nothing personal yet." })]),
    ),
  );
}
