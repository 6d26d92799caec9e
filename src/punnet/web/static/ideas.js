/** What the market suggests while somebody types a search. */

import { categoryDrawing, picture } from "./art.js";
import { pageOf, shelfOf } from "./cards.js";
import { el } from "./dom.js";
import { market } from "./market.js";
import { price } from "./words.js";

const PAUSE = 150; // milliseconds without a key before the market is asked
const MANY = 6;

const box = document.getElementById("words");
const list = document.getElementById("ideas");
let asked = 0;

/** Watch the search box. */
export function startIdeas() {
  let timer;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE);
  });
  box.addEventListener("keydown", key);
  box.addEventListener("blur", close);
  // A press on an idea must not take the focus out of the box, which would close the list before the click.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
}

async function find() {
  const words = box.value.trim();
  const turn = ++asked;
  if (!words) return close();
  const query = { searchQuery: words, context: "SEARCH", limit: MANY };
  const answer = await market.attempt((punnet) => punnet.recommend(query));
  if (!answer || turn !== asked || document.activeElement !== box) return;
  const fitting = answer.recommendations.filter(({ product }) => fits(product, words));
  show(fitting.map(({ product }) => product));
}

/** Whether a product has one of the words in its name or category, as the market's own search sees it. */
export function fits({ name, category }, words) {
  const text = `${name} ${category}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .some((word) => word && text.includes(word));
}

function show(products) {
  if (!products.length) return close();
  const categories = [...new Set(products.map(({ category }) => category))].slice(0, 2);
  list.replaceChildren(
    ...products.map((product) =>
      idea(
        pageOf(product),
        picture(product, "idea-art"),
        product.name,
        `${product.farm.name} · ${price(product.price)}`,
      ),
    ),
    ...categories.map((category) =>
      idea(
        shelfOf(category),
        el("div", { className: "idea-art" }, categoryDrawing(category)),
        `All of ${category}`,
        "",
      ),
    ),
  );
  list.hidden = false;
  box.setAttribute("aria-expanded", "true");
  choose(null);
}

function idea(address, art, title, facts) {
  return el(
    "li",
    {
      role: "option",
      id: `idea-${address}`,
      "aria-selected": "false",
      "data-address": address,
      onclick: () => location.assign(address),
    },
    art,
    el("span", {}, el("b", { textContent: title }), facts ? el("small", { textContent: facts }) : null),
  );
}

function close() {
  asked += 1;
  list.hidden = true;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

function choose(option) {
  for (const one of list.children) one.setAttribute("aria-selected", String(one === option));
  if (option) box.setAttribute("aria-activedescendant", option.id);
  else box.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function key(event) {
  if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    return close();
  }
  if (list.hidden) return undefined;
  const options = [...list.children];
  const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "Enter" && at >= 0) {
    event.preventDefault();
    return location.assign(options[at].dataset.address);
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return undefined;
  event.preventDefault();
  // One place more than there are options: the box itself.
  const next = (at + 1 + step + options.length + 1) % (options.length + 1);
  return choose(options[next - 1] ?? null);
}
