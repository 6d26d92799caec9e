/** Charts as SVG, each with its numbers beside it: nobody depends on seeing shapes or colours. */

const SVG = "http://www.w3.org/2000/svg";
const NUMBER = new Intl.NumberFormat("en-US");
const [WIDE, HIGH] = [560, 170]; // of a line chart, in its own units
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 6, 8, 22]; // room around it
const COLOURS = 6;

/** `12,345` */
export const figure = (number) => NUMBER.format(number);

function shape(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

/** A colour of the page's own for the part at a place. */
const colour = (at) => `var(--chart-${(at % COLOURS) + 1})`;

function hidden(svg) {
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/** Bars of [[name, number]…], the longest first; a list, so that it reads without its shapes. */
export function bars(parts, { empty }) {
  const sorted = [...parts].sort(([, one], [, other]) => other - one);
  if (!sorted.length) return element("p", "none", empty);
  const most = Math.max(...sorted.map(([, number]) => number), 1);
  return element("ul", "bars", ...sorted.map(([name, number]) => bar(name, number, number / most)));
}

function bar(name, number, share, colourOfIt = colour(0)) {
  const fill = shape("rect", { width: `${100 * share}%`, height: "100%", rx: 3, fill: colourOfIt });
  const track = shape("svg", { class: "track" }, fill);
  return element("li", "", element("span", "", name), element("b", "", figure(number)), hidden(track));
}

/** A ring of [[name, number]…], and what each part stands for. */
export function pie(parts, { empty }) {
  const total = parts.reduce((sum, [, number]) => sum + number, 0);
  if (!total) return element("p", "none", empty);
  let before = 0;
  const arcs = parts.map(([, number], at) => {
    const share = (100 * number) / total;
    // A circle of this radius is a hundred around.
    const arc = shape("circle", {
      cx: 21, cy: 21, r: 15.9155, fill: "none", stroke: colour(at), "stroke-width": 9,
      "stroke-dasharray": `${share} ${100 - share}`, "stroke-dashoffset": 25 - before,
    });
    before += share;
    return arc;
  });
  const keys = parts.map(([name, number], at) =>
    element("li", "", swatch(at), element("span", "", name), element("b", "", figure(number))),
  );
  const ring = hidden(shape("svg", { viewBox: "0 0 42 42", class: "ring" }, ...arcs));
  return element("div", "pie", ring, element("ul", "keys", ...keys));
}

function swatch(at) {
  return hidden(
    shape("svg", { viewBox: "0 0 10 10", class: "swatch" }, shape("rect", { width: 10, height: 10, rx: 2, fill: colour(at) })),
  );
}

/** What is left of the first after each step: [[name, number]…]. */
export function funnel(steps) {
  const first = steps[0][1];
  const items = steps.map(([name, number], at) => {
    const item = bar(name, number, first ? number / first : 0, colour(at));
    const of = at === 0 ? null : steps[at - 1][1];
    if (of) item.querySelector("b").append(element("small", "", ` ${((100 * number) / of).toFixed(1)} % of those`));
    return item;
  });
  return element("ul", "bars funnel", ...items);
}

/**
 * Lines over time. `times` are milliseconds; `series` are [[name, values]…], null where there was nothing. The numbers stand in a
 * table that opens below.
 */
export function lines(times, series, { unit, empty, digits = 1 }) {
  const known = series.flatMap(([, values]) => values).filter((value) => value !== null);
  if (!known.length) return element("p", "none", empty);
  const most = ceiling(Math.max(...known));
  const x = (at) => LEFT + ((WIDE - LEFT - RIGHT) * at) / Math.max(times.length - 1, 1);
  const y = (value) => HIGH - BOTTOM - ((HIGH - BOTTOM - TOP) * value) / most;
  const svg = hidden(shape("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "lines" }));
  for (const share of [0, 0.5, 1]) {
    const [at, label] = [y(most * share), figure(most * share)];
    svg.append(
      shape("line", { x1: LEFT, x2: WIDE - RIGHT, y1: at, y2: at, class: "grid" }),
      shape("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, label),
    );
  }
  for (const [at, anchor] of [[0, "start"], [times.length - 1, "end"]])
    svg.append(shape("text", { x: x(at), y: HIGH - 5, "text-anchor": anchor }, clock(times[at])));
  series.forEach(([, values], at) => svg.append(shape("path", { d: path(values, x, y), stroke: colour(at), class: "line" })));
  const latest = series.map(([name, values], at) => {
    const value = values.findLast((one) => one !== null);
    return element("li", "", swatch(at), element("span", "", name), element("b", "", said(value, unit, digits)));
  });
  return element("div", "", svg, element("ul", "keys row", ...latest), table(times, series, unit, digits));
}

/** The next of 1, 2, 2.5, 5, 10 … */
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value);
}

function path(values, x, y) {
  let pen = "M";
  return values
    .map((value, at) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const point = `${pen}${x(at).toFixed(1)},${y(value).toFixed(1)}`;
      pen = "L";
      // A point without neighbours would not be seen.
      return values[at - 1] == null && values[at + 1] == null ? `${point}h1` : point;
    })
    .join("");
}

const clock = (time) => new Date(time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const said = (value, unit, digits) => (value == null ? "–" : `${value.toFixed(digits)} ${unit}`);

function table(times, series, unit, digits) {
  const head = element("tr", "", ...["Time", ...series.map(([name]) => name)].map(headCell));
  const rows = times
    .map((time, at) => [time, ...series.map(([, values]) => values[at])])
    .filter(([, ...values]) => values.some((value) => value !== null))
    .reverse()
    .map(([time, ...values]) =>
      element(
        "tr",
        "",
        element("td", "", new Date(time).toLocaleTimeString("en-GB")),
        ...values.map((value) => element("td", "", said(value, unit, digits))),
      ),
    );
  const whole = element("table", "", element("thead", "", head), element("tbody", "", ...rows));
  const scroll = element("div", "scroll", whole);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "In numbers");
  return element("details", "", element("summary", "", "In numbers"), scroll);
}

function headCell(words) {
  const cell = element("th", "", words);
  cell.scope = "col";
  return cell;
}
