/** Charts that stay where they are while their numbers change. Each says in words what it shows in shapes. */

import { el } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const NUMBER = new Intl.NumberFormat("en-US");

/** `12,345` */
export const figure = (number) => NUMBER.format(number);

/** `4.8 %` of a whole, nothing of none. */
export const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "–");

/** An SVG element with its attributes and children. */
export function shape(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A drawing that says nothing to those who do not see it: the words beside it do. */
export const drawing = (attributes, ...children) => shape("svg", { "aria-hidden": "true", ...attributes }, ...children);

/** The square that stands for a part in the words beside a drawing. */
export const swatch = (at) => drawing({ class: `swatch part-${at + 1}` });

/** Change a text where it is another one: what stays the same is not said again. */
export function write(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

/** Have a node hold one child for each item: `make()` adds those that lack, `show(child, item, at)` brings all up to date. */
export function each(node, items, make, show) {
  while (node.children.length > items.length) node.lastElementChild.remove();
  items.forEach((item, at) => show(node.children[at] ?? node.appendChild(make(at)), item, at));
}

/** The one child of a place that is such an element; made anew where it is another. */
export function only(place, tag, className) {
  const [there] = place.children;
  if (there?.matches(`${tag}.${className}`)) return there;
  const node = el(tag, { className });
  place.replaceChildren(node);
  return node;
}

/** Say why there is nothing to see. */
export const nothing = (place, sentence) => write(only(place, "p", "none"), sentence);

const track = () => drawing({ class: "track" }, shape("rect", { height: "100%", rx: 3 }));
const fill = (bar, share) => bar.querySelector("rect").setAttribute("width", `${100 * share}%`);

/** Bars of [[name, number]…], the longest first. */
export function showBars(place, parts, empty) {
  const sorted = [...parts].sort(([, one], [, other]) => other - one);
  if (!sorted.length) return nothing(place, empty);
  const most = sorted[0][1] || 1;
  const make = () => el("li", {}, el("span"), track(), el("b"));
  each(only(place, "ul", "bars"), sorted, make, (bar, [name, number]) => {
    write(bar.querySelector("span"), name);
    write(bar.querySelector("b"), figure(number));
    fill(bar, number / most);
  });
}

/** What is left after each step: [[name, number]…]; each is measured by the first, and told by the one before. */
export function showFunnel(place, steps) {
  const make = (at) => el("li", { className: `part-${at + 1}` }, el("span"), el("b"), el("small"), track());
  each(only(place, "ul", "funnel"), steps, make, (step, [name, number], at) => {
    write(step.querySelector("span"), name);
    write(step.querySelector("b"), figure(number));
    const before = steps[at - 1];
    write(step.querySelector("small"), before ? `${percent(number, before[1])} of those ${before[0].toLowerCase()}` : "");
    fill(step, Math.min(1, steps[0][1] ? number / steps[0][1] : 0));
  });
}

/** A ring of [[name, number]…], and what its parts stand for. */
export function showPie(place, parts, empty) {
  const total = parts.reduce((sum, [, number]) => sum + number, 0);
  if (!total) return nothing(place, empty);
  const pie = only(place, "div", "pie");
  if (!pie.firstChild) pie.append(drawing({ viewBox: "0 0 42 42", class: "ring" }), el("ul", { className: "keys" }));
  const [ring, keys] = pie.children;
  let before = 0;
  each(ring, parts, (at) => arc(at), (part, [, number]) => {
    const share = (100 * number) / total;
    part.setAttribute("stroke-dasharray", `${share} ${100 - share}`);
    part.setAttribute("stroke-dashoffset", 25 - before);
    before += share;
  });
  each(keys, parts, (at) => el("li", {}, swatch(at), el("span"), el("b"), el("small")), (key, [name, number]) => {
    write(key.querySelector("span"), name);
    write(key.querySelector("b"), figure(number));
    write(key.querySelector("small"), percent(number, total));
  });
}

/** A part of a ring; a circle of this radius is a hundred around. */
const arc = (at) => shape("circle", { cx: 21, cy: 21, r: 15.9155, class: `part-${at + 1}` });
