/** The dashboard at /admin: what the server counts, asked for every five seconds. */

import { bars, figure, funnel, lines, pie } from "./charts.js";
import { startKey, withKey } from "./key.js";
import { startTail } from "./tail.js";

const EVERY = 5000; // milliseconds
const AWAY = "The server does not answer. What you see is the last it said; the page asks again by itself.";
const byId = (id) => document.getElementById(id);
let timer = 0;

async function look() {
  clearTimeout(timer);
  try {
    const response = await fetch("api/recommendations/stats?detailed=true", { cache: "no-store" });
    const { success, data, error } = await response.json();
    if (success) show(data);
    else away(error.message);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    away(AWAY);
  }
  timer = setTimeout(look, EVERY);
}

function show({ events, recommendations, emails, websockets, market, health, history, meta }) {
  away("");
  badge(health.status, health.status === "HEALTHY" ? "Healthy" : "Degraded");
  byId("server").textContent =
    `Up ${duration(meta.uptime)} · Python ${meta.pythonVersion} · ${meta.memoryUsage.heapUsed} of memory`;
  facts("health", [
    ["Event backlog", figure(health.eventBacklog)],
    ["Processing", health.isProcessing ? "yes" : "no"],
    ["WebSocket", health.websocketServer.toLowerCase()],
    ["Answers from the cache", kept(recommendations)],
    ["E-mails sent", figure(emails.sent)],
    ["E-mails given up", figure(emails.failed)],
    ["Own handlers called", figure(events.handlers.called)],
    ["Own handlers failed", figure(events.handlers.failed)],
  ]);
  byId("cards").replaceChildren(
    card(
      "Total events",
      figure(events.total),
      `${figure(events.last24h)} in last 24 h, ${figure(events.lastHour)} in the last hour`,
    ),
    card(
      "Active connections",
      figure(websockets.activeConnections),
      `${websockets.averageConnectionDuration} average duration`,
    ),
    card(
      "Recommendations",
      figure(recommendations.totalTriggered),
      `${recommendations.successRate} success rate`,
    ),
    card("Processing time", events.averageProcessingTime, "Average"),
  );
  over(history);
  put("events", bars(Object.entries(events.byType), { empty: "Nothing was done yet." }));
  put("subscriptions", pie(Object.entries(websockets.subscriptionBreakdown), { empty: "Nobody listens now." }));
  put(
    "funnel",
    funnel([
      ["Shown", recommendations.impressions],
      ["Clicked", recommendations.clicks],
      ["Bought", recommendations.conversions],
    ]),
  );
  facts(
    "market",
    Object.entries(market).map(([name, number]) => [name[0].toUpperCase() + name.slice(1), figure(number)]),
  );
}

/** What the last hour was like, from the stretches that the server noted. */
function over(history) {
  const times = history.map(({ until }) => Date.parse(until));
  const empty = "The server notes every ten seconds; in a moment there is something to see.";
  const half = (values) => history.map((stretch) => stretch[values]?.p50 ?? null);
  const most = (values) => history.map((stretch) => stretch[values]?.p99 ?? null);
  const rate = (count) => history.map((stretch) => stretch[count] / stretch.seconds);
  put(
    "latency",
    lines(
      times,
      [
        ["answer, half", half("answerTime")],
        ["answer, 99 of 100", most("answerTime")],
        ["action, half", half("processingTime")],
        ["action, 99 of 100", most("processingTime")],
      ],
      { unit: "ms", digits: 2, empty: history.length ? "Nobody asked for anything in the last hour." : empty },
    ),
  );
  put(
    "throughput",
    lines(
      times,
      [
        ["answers", rate("answers")],
        ["actions", rate("actions")],
        ["messages", rate("messages")],
      ],
      { unit: "/ s", digits: 1, empty },
    ),
  );
}

function kept({ cacheHits, cacheMisses }) {
  const all = cacheHits + cacheMisses;
  return all ? `${((100 * cacheHits) / all).toFixed(1)} % of ${figure(all)}` : "none asked for";
}

function badge(state, words) {
  const node = byId("status");
  node.dataset.state = state;
  if (node.textContent !== words) node.textContent = words;
}

/** What keeps the page from being up to date; with "" nothing does. */
function away(sentence) {
  const node = byId("notice");
  if (sentence) badge("away", "No answer");
  if (node.textContent !== sentence) node.textContent = sentence;
  node.hidden = !sentence;
  byId("main").classList.toggle("stale", Boolean(sentence));
}

function put(id, node) {
  byId(id).replaceChildren(node);
}

function facts(id, pairs) {
  byId(id).replaceChildren(
    ...pairs.map(([name, value]) => {
      const pair = document.createElement("div");
      pair.append(text("dt", name), text("dd", value));
      return pair;
    }),
  );
}

function card(title, value, about) {
  const node = document.createElement("article");
  node.className = "card";
  node.append(text("h2", title), text("b", value), text("p", about));
  return node;
}

function text(tag, words) {
  const node = document.createElement(tag);
  node.textContent = words;
  return node;
}

function duration(seconds) {
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(Math.floor);
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min`;
}

function say(sentence) {
  byId("said").textContent = sentence;
  look();
}

startKey();
byId("reset").addEventListener("click", () =>
  withKey({
    title: "Reset statistics",
    about: "All counts begin anew, for this process and those after it. Nothing that was recorded is lost.",
    method: "POST",
    path: "api/recommendations/stats",
    body: { resetType: "all" },
    done: () => say("The statistics begin anew."),
  }),
);
byId("clear").addEventListener("click", () =>
  withKey({
    title: "Clear event queue",
    about: "Reactions that wait are dropped. The actions themselves stay recorded.",
    method: "DELETE",
    path: "api/recommendations/stats",
    done: ({ dropped }) => say(`${figure(dropped)} waiting reactions were dropped.`),
  }),
);
startTail();
look();
