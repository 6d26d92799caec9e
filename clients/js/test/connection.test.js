/** Lines on which nothing is heard any more, though nobody says that they broke. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Unreachable } from "../src/index.js";
import { answer, isUpgrade, Relay } from "./relay.js";
import { quick, timers, until } from "./shop.js";

const HASTE = { pace: { patience: 400 } };

test("a connection that is not acknowledged is given up", async (t) => {
  const relay = await Relay.open(t);
  relay.deafen();
  const { stream, told } = quick(t, relay, HASTE);
  await until(() => relay.requests.length > 1);
  assert.ok(isUpgrade(relay.requests[0]));
  assert.deepEqual(told.states, ["connecting", "reconnecting"]);
  relay.mend();
  await stream.whenLive();
});

test("a line on which a question is not answered is given up", async (t) => {
  const relay = await Relay.open(t);
  const { stream } = quick(t, relay, HASTE);
  await stream.whenLive();
  relay.deafen();
  await assert.rejects(stream.ask("HEARTBEAT", {}), Unreachable);
  assert.equal(stream.state, "reconnecting");
  await assert.rejects(stream.ask("HEARTBEAT", {}), /no connection to speak on/);
  relay.mend();
  await stream.whenLive();
  assert.equal((await stream.ask("HEARTBEAT", {})).type, "HEARTBEAT");
});

test("when the network is back, a line that died meanwhile is found out", async (t) => {
  const listeners = new Set();
  globalThis.addEventListener = (type, listener) => type === "online" && listeners.add(listener);
  globalThis.removeEventListener = (type, listener) => listeners.delete(listener);
  t.after(() => {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  });
  const online = () => listeners.forEach((listener) => listener());
  const relay = await Relay.open(t);
  const { stream, told } = quick(t, relay, HASTE);
  await stream.whenLive();
  online();
  await until(() => told.messages.some(({ type }) => type === "HEARTBEAT"));
  assert.equal(stream.state, "live");

  relay.freeze();
  online();
  await until(() => stream.state === "reconnecting");
  await stream.whenLive();
  stream.close();
  assert.equal(listeners.size, 0);
});

test("a line that has answered has time again", async (t) => {
  const { running } = timers(t);
  const relay = await Relay.open(t);
  const { stream } = quick(t, relay);
  await stream.whenLive();
  assert.deepEqual(running().sort(), [30_000, 66_000]);
  const asked = [stream.ask("HEARTBEAT", {}), stream.ask("HEARTBEAT", {})];
  await until(() => running().includes(10_000));
  await Promise.all(asked);
  assert.deepEqual(running().sort(), [30_000, 66_000]);
  stream.close();
  assert.deepEqual(running(), []);
});

test("the ceiling of the wait doubles with each try in vain, and begins anew after one that went well", async (t) => {
  t.mock.method(Math, "random", () => 1);
  const { waits } = timers(t);
  const relay = await Relay.open(t);
  relay.cut();
  const { stream } = quick(t, relay, { pace: { first: 10, longest: 77 } });
  const tried = (...expected) => expected.every((wait, at) => waits.filter((one) => one <= 77)[at] === wait);
  await until(() => tried(10, 20, 40, 77, 77));
  relay.mend();
  await stream.whenLive();
  waits.length = 0;
  relay.cut();
  await until(() => tried(10));
});

test("a server that says later is given more time", async (t) => {
  t.mock.method(Math, "random", () => 1);
  const { waits } = timers(t);
  const relay = await Relay.open(t);
  const { stream } = quick(t, relay, { pace: { first: 10, longest: 1000 } });
  for (const [code, wait] of [[1001, 10], [1012, 10], [1013, 80]]) {
    await stream.whenLive();
    waits.length = 0;
    relay.say(Buffer.from([0x88, 2, code >> 8, code & 0xff]));
    await until(() => stream.state === "reconnecting");
    assert.equal(waits.at(-1), wait);
  }
});

test("on events it lives by each comment, tries a WebSocket ever more seldom, and leaves nothing", async (t) => {
  const { waits, running } = timers(t);
  const relay = await Relay.open(t);
  relay.answer = (request) => isUpgrade(request) && answer(403);
  const { stream } = quick(t, relay, { pace: { again: 30, seldom: 100 } });
  await stream.whenLive();
  const silences = () => waits.filter((wait) => wait === 66_000).length;
  const before = silences();
  relay.say("3\r\n:\n\n\r\n");
  await until(() => silences() > before);
  const trials = () => waits.filter((wait) => [30, 60, 100].includes(wait));
  await until(() => trials().length > 3);
  assert.deepEqual(trials().slice(0, 4), [30, 60, 100, 100]);
  stream.close();
  assert.deepEqual(running(), []);
});
