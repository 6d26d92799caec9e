/** The latest actions, asked for every second while somebody follows them. */

import { call, withKey } from "./key.js";

const EVERY = 1000; // milliseconds
const SHOWN = 100;
const PATH = "api/events";
const COLUMNS = ["Time", "Action", "Shopper", "About", "Note"];

const button = document.getElementById("follow");
const place = document.getElementById("tail");
const rows = document.createElement("tbody");
let following = "";
let after = "";
let timer = 0;

/** Make the button ready. */
export function startTail() {
  button.addEventListener("click", () => (following ? stop() : begin()));
}

function begin() {
  withKey({
    title: "Follow the actions",
    about: "What shoppers do is personal: it is shown to the administrator alone.",
    path: `${PATH}?limit=${SHOWN}`,
    done: (data, key) => {
      following = key;
      button.textContent = "Stop";
      button.setAttribute("aria-pressed", "true");
      rows.replaceChildren();
      place.replaceChildren(table());
      add(data);
      timer = setTimeout(look, EVERY);
    },
  });
}

function stop(sentence = "") {
  following = "";
  clearTimeout(timer);
  button.textContent = "Follow";
  button.setAttribute("aria-pressed", "false");
  if (sentence) place.replaceChildren(cell("p", sentence));
}

async function look() {
  const { data, error } = await call({ path: `${PATH}?limit=${SHOWN}&after=${after}` }, following);
  if (!following) return;
  if (error?.code === "FORBIDDEN" || error?.code === "UNAUTHORIZED") return stop(error.message);
  if (data) add(data);
  timer = setTimeout(look, EVERY);
}

/** The latest stand on top. */
function add({ actions, last }) {
  after = last;
  rows.prepend(...actions.map(row).reverse());
  while (rows.children.length > SHOWN) rows.lastElementChild.remove();
}

function row({ recordedAt, action, userId, entityId, metadata, debounced }) {
  const node = document.createElement("tr");
  const kind = cell("td", action);
  kind.className = "kind";
  const about = entityId ?? metadata?.searchQuery ?? metadata?.category ?? "";
  node.append(
    cell("td", new Date(recordedAt).toLocaleTimeString("en-GB")),
    kind,
    cell("td", userId),
    cell("td", about),
    cell("td", debounced ? "repeated" : ""),
  );
  if (debounced) node.className = "debounced";
  return node;
}

function table() {
  const head = document.createElement("tr");
  head.append(
    ...COLUMNS.map((name) => {
      const node = cell("th", name);
      node.scope = "col";
      return node;
    }),
  );
  const whole = document.createElement("table");
  const top = document.createElement("thead");
  top.append(head);
  whole.append(top, rows);
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "The latest actions");
  scroll.append(whole);
  return scroll;
}

function cell(tag, words) {
  const node = document.createElement(tag);
  node.textContent = words;
  return node;
}
