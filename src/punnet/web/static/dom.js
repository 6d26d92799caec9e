/** Building the page: everything that comes from outside is set as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";
const RISE = 2; // places up that are worth a word
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** An element with its properties (`on…` are listeners, `data…`/`aria…` attributes) and children. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Put the drawings of art.svg into the page once, so that they are there when the server is not. */
export async function bringDrawings() {
  const response = await fetch(new URL("art.svg", import.meta.url));
  const parsed = new DOMParser().parseFromString(await response.text(), "image/svg+xml");
  const sprite = document.adoptNode(parsed.documentElement);
  sprite.classList.add("sprite");
  sprite.setAttribute("aria-hidden", "true");
  document.body.append(sprite);
}

/** One of the drawings of art.svg, in a colour of its own if one is given. */
export function drawing(name, colour) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  svg.setAttribute("aria-hidden", "true");
  if (colour) svg.style.setProperty("--a", colour);
  svg.append(use);
  return svg;
}

/** Say something to those who listen to the page. */
export function say(sentence) {
  document.getElementById("said").textContent = sentence;
}

/** Play an animation, unless the visitor asked for calm. */
export function play(node, frames, options) {
  if (!calm.matches) node.animate(frames, { easing: "cubic-bezier(.2,.7,.2,1)", ...options });
}

/**
 * Show `items` in `list`, so that the eye can follow: what stays slides to its new place, what is new
 * moves in. `build(item, move)` makes a node; `move` is "new", or how many places the item rose, if it was more than one.
 * Returns {arrived, risen}: the items that are new, and those that rose. In a list that was empty none did.
 */
export function arrange(list, items, build) {
  const before = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const moves = movesFrom([...before.keys()], items);
  const places = new Map([...before].map(([key, node]) => [key, node.getBoundingClientRect()]));
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  const nodes = items.map((item, index) => build(item, moves[index]));
  nodes.forEach((node) => keepOpen(before.get(node.dataset.key), node));
  list.replaceChildren(...nodes);
  nodes.forEach((node, index) => slide(node, places.get(node.dataset.key), index));
  if (held) successor(held, list)?.focus();
  return {
    arrived: items.filter((_, index) => moves[index] === "new"),
    risen: items.filter((_, index) => moves[index] > 0),
  };
}

function movesFrom(before, items) {
  return items.map(({ product }, index) => {
    const was = before.indexOf(product.id);
    if (was < 0) return before.length ? "new" : 0;
    return was - index >= RISE ? was - index : 0;
  });
}

/** The element that took the place of `old` when its list was built anew. */
export function successor(old, list) {
  const key = old.closest("[data-key]")?.dataset.key;
  const node = [...list.children].find((one) => one.dataset.key === key);
  return node?.querySelector(old.className ? `.${old.className}` : old.localName);
}

function keepOpen(old, node) {
  const open = old?.querySelector("details")?.open;
  if (open) node.querySelector("details").open = true;
}

function slide(node, from, index) {
  if (!from) {
    const frames = [
      { opacity: 0, transform: "translateY(14px) scale(.97)" },
      { opacity: 1, transform: "none" },
    ];
    play(node, frames, { duration: 520, delay: 45 * index, fill: "backwards" });
    return;
  }
  const to = node.getBoundingClientRect();
  const [x, y] = [from.left - to.left, from.top - to.top];
  if (x || y)
    play(node, [{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: 520 });
}
