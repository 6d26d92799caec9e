/** The latest actions, asked for every second while somebody follows them. */

import { nothing, only } from "./charts.js";
import { el } from "./dom.js";
import { ask, call, isOfKey, keptKey } from "./key.js";

const EVERY = 1000; // milliseconds
const MOST = 500; // actions that one call brings
const SHOWN = 200;
const LATEST = `api/events?limit=${SHOWN}`;
const PERSONAL = "Who does what is personal: it is shown to whoever has the admin key.";
const QUIET = "Nothing was done since the server started.";

const byId = (id) => document.getElementById(id);
const [button, place, filter] = [byId("follow"), byId("tail"), byId("only")];
let following = false;
let after = null; // the position that is reached, null before the first answer
let timer = 0;

/** Follow where the key is known, else wait for the button. */
export function startTail() {
  button.addEventListener("click", () => (following ? pause() : begin()));
  filter.addEventListener("input", () => [...(place.querySelector("ol")?.children ?? [])].forEach(sift));
  document.addEventListener("visibilitychange", () => following && !document.hidden && look());
  nothing(place, PERSONAL);
  if (keptKey()) follow();
}

function begin() {
  if (keptKey()) return follow();
  ask({
    title: "Follow the actions",
    about: "What people do is personal, so the server tells it to the administrator alone.",
    path: LATEST,
    done: follow,
  });
}

function follow() {
  following = true;
  button.textContent = "Pause";
  look();
}

function pause() {
  following = false;
  clearTimeout(timer);
  button.textContent = "Follow";
}

async function look() {
  clearTimeout(timer);
  const path = after === null ? LATEST : `api/events?limit=${MOST}&after=${after}`;
  const { data, error } = await call({ path }, keptKey() ?? "");
  if (!following) return;
  if (isOfKey(error)) {
    pause();
    after = null;
    filter.hidden = true;
    return nothing(place, error.message);
  }
  if (data) add(data);
  if (!document.hidden) timer = setTimeout(look, EVERY);
}

/** The latest stand on top. */
function add({ actions, last }) {
  const anew = after === null || last < after; // the server is another one
  // Where more happens than a call brings, the next one begins with the latest.
  after = actions.length < MOST ? last : null;
  if (anew) place.replaceChildren();
  if (!actions.length) return anew && nothing(place, QUIET);
  filter.hidden = false;
  const list = only(place, "ol", "actions");
  Object.assign(list, { tabIndex: 0, ariaLabel: "The latest actions, the last one first" });
  const top = list.scrollTop;
  list.prepend(...actions.slice(-SHOWN).map(row).reverse());
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  // Who reads further down is not moved away.
  if (!top) list.scrollTop = 0;
}

function row({ recordedAt, action, userId, entityId, entityType, metadata, debounced }) {
  const node = el(
    "li",
    { className: debounced ? "debounced" : "" },
    el("time", { dateTime: recordedAt }, new Date(recordedAt).toLocaleTimeString("en-GB")),
    el("b", {}, action),
    el("span", {}, userId),
    el("span", {}, about({ entityId, entityType, metadata })),
    debounced ? el("em", {}, "repeated") : null,
  );
  sift(node);
  return node;
}

/** What an action was about, in a few words. */
function about({ entityId, entityType, metadata }) {
  const { searchQuery, category, rating, productIds, items } = metadata;
  const told = [entityId ?? searchQuery ?? category];
  if (Array.isArray(productIds)) told.push(products(productIds));
  if (Array.isArray(items)) told.push(products(items));
  if (rating !== undefined) told.push(`${rating} ★`);
  if (entityType && entityType !== "PRODUCT") told.push(entityType.toLowerCase());
  return told.filter((word) => word !== undefined && word !== null).join(" · ");
}

const products = ({ length }) => (length === 1 ? "1 product" : `${length} products`);

function sift(node) {
  node.hidden = !node.textContent.toLowerCase().includes(filter.value.trim().toLowerCase());
}
