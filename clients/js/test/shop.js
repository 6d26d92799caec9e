/** A small market on the server, and what tests share. */

import assert from "node:assert/strict";

import { PACE, Stream } from "../src/stream.js";
import { SERVER } from "./relay.js";

const SOURCE = new URL("../src/", import.meta.url).href;

let users = 0;

/** A shopper nobody knows. */
export const somebody = () => `shopper-${process.pid}-${++users}`;

export async function call(method, path, body, server = SERVER) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(server + path, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!answer.success) throw new Error(answer.error.message);
  return answer.data;
}

/** A farm, and products of it at 5 each, under names of this test alone. */
export async function stock(...names) {
  const farm = `farm-${process.pid}-${++users}`;
  await call("PUT", `/api/farms/${farm}`, { name: "Hill Farm" });
  const ids = names.map((name) => `${name}-of-${farm}`);
  for (const id of ids) {
    await call("PUT", `/api/products/${id}`, { name: id, farmId: farm, category: "Bread", price: 5 });
  }
  return ids;
}

export const reprice = (id, price) => call("PATCH", `/api/products/${id}`, { price });

/** The actions that the server has of a shopper, in the order in which it took them in. */
export const actionsOf = async (userId) => (await call("GET", `/api/users/${userId}`)).actions;

const PATIENCE = 10_000;
const { setTimeout: later } = globalThis;

/** Settles once the condition holds. */
export async function until(condition) {
  const deadline = Date.now() + PATIENCE;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`It never came true: ${condition}`);
    await new Promise((resolve) => later(resolve, 5));
  }
}

/** The next message, state or count that a client tells. */
export const next = (punnet, type, fits = () => true) =>
  new Promise((resolve) => {
    const off = punnet.on(type, (payload, message) => {
      if (!fits(payload, message)) return;
      off();
      resolve(payload);
    });
  });

export const live = (punnet) => (punnet.state === "live" ? null : next(punnet, "state", (state) => state === "live"));

/** Whether a line of the client has set this, not Node for a connection that it keeps. */
function isOurs() {
  const frames = new Error().stack.split("\n").slice(1);
  const caller = frames.find((frame) => !frame.includes(import.meta.url) && !frame.includes("node:internal/test_runner"));
  return caller?.includes(SOURCE) ?? false;
}

/** The timers of a client: how long they were set to, and which of them are running. */
export function timers(t) {
  const waits = [];
  const running = new Map();
  for (const [set, clear] of [["setTimeout", "clearTimeout"], ["setInterval", "clearInterval"]]) {
    const own = { set: globalThis[set], clear: globalThis[clear] };
    t.mock.method(globalThis, set, (work, wait, ...more) => {
      if (!isOurs()) return own.set(work, wait, ...more);
      const timer = own.set(() => {
        if (set === "setTimeout") running.delete(timer);
        work();
      }, wait);
      waits.push(wait);
      running.set(timer, wait);
      return timer;
    });
    t.mock.method(globalThis, clear, (timer) => {
      running.delete(timer);
      own.clear(timer);
    });
  }
  return { waits, running: () => [...running.values()] };
}

/** Where a browser keeps things, and a page finds them again after it was loaded anew. */
export class Storage {
  items = new Map();

  get length() {
    return this.items.size;
  }

  key(at) {
    return [...this.items.keys()][at] ?? null;
  }

  getItem(key) {
    return this.items.get(key) ?? null;
  }

  setItem(key, value) {
    this.items.set(key, value);
  }

  removeItem(key) {
    this.items.delete(key);
  }
}

/** A stream that does not take its time. */
export function quick(t, relay, { topics = ["price_drops"], pace = {}, token = async () => null } = {}) {
  const told = { messages: [], states: [], refused: [] };
  const query = { userId: somebody(), topics };
  const stream = new Stream({
    base: relay.url,
    token,
    query: () => query,
    told: {
      message: (message) => told.messages.push(message),
      state: (state) => told.states.push(state),
      refused: (error) => told.refused.push(error),
      unresumed: assert.fail,
    },
    pace: { ...PACE, first: 5, longest: 20, ...pace },
  });
  t.after(() => stream.close());
  stream.open();
  return { stream, told, query };
}
