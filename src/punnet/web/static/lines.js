/** Lines over the last hour, to be read with the pointer, with the arrow keys, or as a table. */

import { drawing, each, figure, nothing, only, shape, swatch, write } from "./charts.js";
import { el } from "./dom.js";

const HIGH = 168; // pixels
const [LEFT, RIGHT, TOP, BOTTOM] = [38, 8, 10, 22]; // room around the lines
const ROOM = 76; // pixels that the time of day takes below them
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const STEPS = [10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE];
const CEILINGS = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10];
const EMPTY = "The server takes note from time to time; in a while there is something to see.";

const timeOf = ({ until }) => Date.parse(until);
const clock = (time, seconds = true) =>
  new Date(time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }) });

/** `0.65`, `17.3`, `142`: three digits that count. */
const brief = (value) => figure(Number(value.toPrecision(value < 1 ? 2 : 3)));

/** The number at the top: the least of 1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10, 12 … that none exceeds. */
function ceiling(values) {
  const most = Math.max(...values, 0);
  if (!most) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return CEILINGS.map((one) => one * power).find((one) => one >= most) ?? 10 * power;
}

/** A line through points [x, y], null where there is none; a point alone is seen as a dot. */
function path(points) {
  return points
    .map((point, at) => {
      if (!point) return "";
      const to = point.map((one) => one.toFixed(1)).join(",");
      return points[at - 1] ? `L${to}` : points[at + 1] ? `M${to}` : `M${to}h.01`;
    })
    .join("");
}

/** A chart of stretches of time in a place. `series` are {name, of(stretch)}, which gives null where there is no number. */
export class Lines {
  #place;
  #series;
  #unit;
  #label;
  #stretches = [];
  #at = null; // the stretch that is looked at, null for the latest
  #parts = null;

  constructor(place, { label, unit, series }) {
    this.#place = place;
    this.#series = series;
    this.#unit = unit;
    this.#label = label;
    new ResizeObserver(() => this.#draw()).observe(place);
  }

  /** Show other stretches; what was looked at stays so. */
  show(stretches) {
    const looked = this.#at === null ? null : this.#stretches[this.#at]?.until;
    this.#stretches = stretches;
    const at = stretches.findIndex(({ until }) => until === looked);
    this.#at = at < 0 ? null : at;
    this.#draw();
  }

  #draw() {
    if (!this.#stretches.length) return nothing(this.#place, EMPTY);
    const chart = only(this.#place, "div", "chart");
    if (!chart.firstChild) this.#build(chart);
    const wide = Math.max(this.#parts.stage.clientWidth, LEFT + RIGHT + 1);
    const rows = this.#series.map(({ of }) => this.#stretches.map(of));
    const most = ceiling(rows.flat().filter((value) => value !== null));
    const [from, to] = [timeOf(this.#stretches[0]) - SECOND * this.#stretches[0].seconds, timeOf(this.#stretches.at(-1))];
    const x = (time) => LEFT + ((wide - LEFT - RIGHT) * (time - from)) / Math.max(to - from, 1);
    const y = (value) => HIGH - BOTTOM - ((HIGH - BOTTOM - TOP) * value) / most;
    const { svg } = this.#parts;
    svg.setAttribute("viewBox", `0 0 ${wide} ${HIGH}`);
    svg.replaceChildren(...grid(wide, most, y), ...hours(wide, from, to, x));
    rows.forEach((values, at) => {
      const points = values.map((value, index) => value !== null && [x(timeOf(this.#stretches[index])), y(value)]);
      svg.append(shape("path", { d: path(points), class: `line part-${at + 1}` }));
    });
    this.#parts.x = x;
    this.#mark(rows, x, y);
    this.#tell(rows);
    if (this.#parts.details.open) this.#tabulate();
  }

  #build(chart) {
    const svg = drawing({ class: "lines" });
    const stage = el("div", { className: "stage", role: "slider", tabIndex: 0, "aria-label": this.#label }, svg);
    const keys = el("ul", { className: "keys row" });
    const details = el("details", { ontoggle: () => details.open && this.#tabulate() }, el("summary", {}, "In numbers"));
    this.#parts = { svg, stage, keys, details };
    stage.addEventListener("pointermove", ({ offsetX }) => this.#look(this.#nearest(offsetX)));
    stage.addEventListener("pointerleave", () => this.#look(null));
    stage.addEventListener("keydown", (event) => this.#press(event));
    stage.addEventListener("blur", () => this.#look(null));
    chart.append(stage, keys, details);
  }

  #nearest(offset) {
    const away = this.#stretches.map((stretch) => Math.abs(this.#parts.x(timeOf(stretch)) - offset));
    return away.indexOf(Math.min(...away));
  }

  #press(event) {
    const last = this.#stretches.length - 1;
    const at = this.#at ?? last;
    const next = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: last, Escape: null };
    if (!(event.key in next)) return;
    event.preventDefault();
    const to = next[event.key];
    this.#look(to === null ? null : Math.max(0, Math.min(last, to)));
  }

  #look(at) {
    if (at === this.#at) return;
    this.#at = at;
    this.#draw();
  }

  #mark(rows, x, y) {
    if (this.#at === null) return;
    const along = x(timeOf(this.#stretches[this.#at]));
    const { svg } = this.#parts;
    svg.append(shape("line", { x1: along, x2: along, y1: TOP, y2: HIGH - BOTTOM, class: "mark" }));
    rows.forEach((values, at) => {
      const value = values[this.#at];
      if (value !== null) svg.append(shape("circle", { cx: along, cy: y(value), r: 4, class: `dot part-${at + 1}` }));
    });
  }

  /** Say the numbers of the stretch that is looked at, or of the latest. */
  #tell(rows) {
    const at = this.#at ?? this.#stretches.length - 1;
    const told = rows.map((values) => this.#said(values[at]));
    const time = clock(timeOf(this.#stretches[at]));
    const entries = [...this.#series.map(({ name }, index) => [name, told[index]]), ["at", time]];
    const make = (index) => el("li", {}, index < told.length ? swatch(index) : "", el("span"), " ", el("b"));
    each(this.#parts.keys, entries, make, (key, [name, value]) => {
      write(key.querySelector("span"), name);
      write(key.querySelector("b"), value);
    });
    const { stage } = this.#parts;
    stage.setAttribute("aria-valuemin", 0);
    stage.setAttribute("aria-valuemax", this.#stretches.length - 1);
    stage.setAttribute("aria-valuenow", at);
    stage.setAttribute("aria-valuetext", `${time}: ${this.#series.map(({ name }, index) => `${name} ${told[index]}`).join(", ")}`);
  }

  #tabulate() {
    const { details } = this.#parts;
    if (!details.querySelector("table")) details.append(table(["Time", ...this.#series.map(({ name }) => name)], this.#label));
    const columns = this.#series.length + 1;
    const make = () => el("tr", {}, ...Array.from({ length: columns }, () => el("td")));
    each(details.querySelector("tbody"), [...this.#stretches].reverse(), make, (row, stretch) => {
      const cells = [clock(timeOf(stretch)), ...this.#series.map(({ of }) => this.#said(of(stretch)))];
      cells.forEach((words, at) => write(row.children[at], words));
    });
  }

  #said = (value) => (value === null ? "–" : `${brief(value)} ${this.#unit}`.trim());
}

function grid(wide, most, y) {
  return [0, 0.5, 1].flatMap((share) => {
    const at = y(most * share);
    const label = shape("text", { x: LEFT - 7, y: at + 4, "text-anchor": "end" }, figure(most * share));
    return [shape("line", { x1: LEFT, x2: wide - RIGHT, y1: at, y2: at, class: "grid" }), label];
  });
}

function hours(wide, from, to, x) {
  const most = Math.max(1, Math.floor((wide - LEFT - RIGHT) / ROOM));
  const step = STEPS.find((one) => (to - from) / one <= most) ?? STEPS.at(-1);
  const times = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) times.push(time);
  return times.map((time) => {
    const at = x(time);
    const anchor = at < LEFT + ROOM / 3 ? "start" : at > wide - ROOM / 3 ? "end" : "middle";
    return shape("text", { x: at, y: HIGH - 5, "text-anchor": anchor }, clock(time, step < MINUTE));
  });
}

function table(columns, label) {
  const head = el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name)));
  const whole = el("table", {}, el("thead", {}, head), el("tbody"));
  return el("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": `${label}, in numbers` }, whole);
}
