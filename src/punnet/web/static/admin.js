/** The dashboard: what the server counts, asked for every five seconds. */

import { answered } from "./answered.js";
import { each, figure, percent, showBars, showFunnel, showPie, write } from "./charts.js";
import { el } from "./dom.js";
import { ask, call, isOfKey, keptKey, startKey } from "./key.js";
import { Lines } from "./lines.js";
import { startTail } from "./tail.js";

const EVERY = 5000; // milliseconds
const SAID = 10_000; // milliseconds that a sentence stays
const STATISTICS = "api/recommendations/stats";
const WARNINGS = {
  UNREACHABLE: "The server does not answer. What you see is the last it said; the page asks again by itself.",
  UNKNOWN_PATH: "This server tells no statistics: ENABLE_STATS_ENDPOINT is false.",
};
const STATES = { HEALTHY: "Healthy", DEGRADED: "Degraded", away: "No answer" };

const byId = (id) => document.getElementById(id);
const rate = (count) => (stretch) => stretch[count] / stretch.seconds;
const times = (taken) => ["p50", "p99"].map((name) => ({ name, of: (stretch) => stretch[taken]?.[name] ?? null }));
const charts = [
  new Lines(byId("answers"), {
    label: "Answer time over the last hour",
    unit: "ms",
    series: times("answerTime"),
  }),
  new Lines(byId("actions"), {
    label: "Processing time over the last hour",
    unit: "ms",
    series: times("processingTime"),
  }),
  new Lines(byId("throughput"), {
    label: "Throughput per second over the last hour",
    unit: "",
    series: [
      { name: "answers", of: rate("answers") },
      { name: "actions", of: rate("actions") },
      { name: "messages", of: rate("messages") },
    ],
  }),
];
let timer = 0;
let saying = 0;

/** Ask, show, and ask again in a while; nobody looks at a page that is hidden. */
async function look() {
  clearTimeout(timer);
  const path = `${STATISTICS}?detailed=true`;
  const { data, error } = await (keptKey() ? call({ path }, keptKey()) : answered(path));
  if (isOfKey(error)) {
    // Where AUTH_MODE is token, nobody else is told.
    ask({ title: "Show the statistics", about: "This server tells its administrator alone.", path, done: look });
    return;
  }
  if (error) warn(WARNINGS[error.code] ?? error.message);
  else show(data);
  if (!document.hidden) timer = setTimeout(look, EVERY);
}

function show({ events, recommendations, emails, websockets, market, health, history, meta }) {
  warn("");
  badge(health.status);
  const time = new Date(meta.timestamp).toLocaleTimeString("en-GB");
  write(byId("server"), `As of ${time} · up ${duration(meta.uptime)} · Python ${meta.pythonVersion}`);
  facts("health", {
    "Event backlog": figure(health.eventBacklog),
    Processing: health.isProcessing ? "Yes" : "No",
    WebSocket: sentence(health.websocketServer),
    "Events in the last hour": figure(events.lastHour),
    "Repeated, not reacted to": figure(events.debounced),
    Memory: meta.memoryUsage.heapUsed,
  });
  cards({ events, recommendations, websockets, latest: history.at(-1) });
  charts.forEach((chart) => chart.show(history));
  showBars(byId("events"), Object.entries(events.byType), "Nothing was done yet.");
  showPie(byId("subscriptions"), Object.entries(websockets.subscriptionBreakdown), "Nobody listens now.");
  const { impressions, clicks, conversions } = recommendations;
  showFunnel(byId("funnel"), Object.entries({ Shown: impressions, Clicked: clicks, Bought: conversions }));
  facts("market", Object.fromEntries(Object.entries(market).map(([name, number]) => [sentence(name), figure(number)])));
  facts("beside", {
    "E-mails sent": figure(emails.sent),
    "E-mails given up": figure(emails.failed),
    "Own handlers called": figure(events.handlers.called),
    "Own handlers failed": figure(events.handlers.failed),
  });
}

function cards({ events, recommendations, websockets, latest }) {
  const { totalTriggered, successRate, cacheHits, cacheMisses } = recommendations;
  const asked = cacheHits + cacheMisses;
  const answered = latest?.answerTime;
  const told = [
    ["Total events", figure(events.total), `${figure(events.last24h)} in the last 24 h`],
    ["Active connections", figure(websockets.activeConnections), `${websockets.averageConnectionDuration} average duration`],
    ["Recommendations", figure(totalTriggered), `${successRate} success rate`],
    ["Processing time", spaced(events.averageProcessingTime), "average of an action"],
    ["Answer time", answered ? `${answered.p50.toPrecision(2)} ms` : "–", answered ? `p99 ${answered.p99.toPrecision(2)} ms, last 10 s` : "nobody asked lately"],
    ["From the cache", percent(cacheHits, asked), `of ${figure(asked)} answers`],
  ];
  const make = () => el("article", { className: "card" }, el("h2"), el("b"), el("p"));
  each(byId("cards"), told, make, (card, words) => words.forEach((word, at) => write(card.children[at], word)));
}

function facts(id, pairs) {
  const make = () => el("div", {}, el("dt"), el("dd"));
  each(byId(id), Object.entries(pairs), make, (pair, words) => words.forEach((word, at) => write(pair.children[at], word)));
}

function badge(state) {
  byId("status").dataset.state = state;
  write(byId("status"), STATES[state]);
}

/** Say what keeps the page from being up to date; with "" nothing does. */
function warn(words) {
  if (words) badge("away");
  write(byId("notice"), words);
  byId("notice").hidden = !words;
  byId("main").classList.toggle("stale", Boolean(words));
}

/** Say what was done, and show what came of it. */
function say(words) {
  byId("said").textContent = words;
  clearTimeout(saying);
  saying = setTimeout(() => (byId("said").textContent = ""), SAID);
  look();
}

const sentence = (word) => word[0].toUpperCase() + word.slice(1).toLowerCase();
const spaced = (time) => time.replace(/(?<=\d)(?=[a-z])/, " ");

function duration(seconds) {
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(Math.floor);
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min`;
}

startKey();
startTail();
byId("reset").addEventListener("click", () =>
  ask({
    title: "Reset statistics",
    about: "All counts begin anew, for this process and those after it. What was recorded stays recorded.",
    method: "POST",
    path: STATISTICS,
    body: { resetType: "all" },
    done: () => say("The statistics begin anew."),
  }),
);
byId("clear").addEventListener("click", () =>
  ask({
    title: "Clear event queue",
    about: "Reactions that wait are dropped. The actions themselves stay recorded.",
    method: "DELETE",
    path: STATISTICS,
    done: ({ dropped }) => say(`${figure(dropped)} waiting reactions were dropped.`),
  }),
);
document.addEventListener("visibilitychange", () => !document.hidden && look());
look();
