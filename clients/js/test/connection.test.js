/** Lines on which nothing is heard any more, though nobody says that they broke. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Unreachable } from "../src/index.js";
import { isUpgrade, Relay } from "./relay.js";
import { quick, until } from "./shop.js";

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
  const browser = new EventTarget();
  for (const name of ["addEventListener", "removeEventListener"]) globalThis[name] = browser[name].bind(browser);
  t.after(() => {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  });
  const relay = await Relay.open(t);
  const { stream, told } = quick(t, relay, HASTE);
  await stream.whenLive();
  browser.dispatchEvent(new Event("online"));
  await until(() => told.messages.some(({ type }) => type === "HEARTBEAT"));
  assert.equal(stream.state, "live");

  relay.freeze();
  browser.dispatchEvent(new Event("online"));
  await until(() => stream.state === "reconnecting");
  await stream.whenLive();
  stream.close();
  browser.dispatchEvent(new Event("online"));
  assert.equal(stream.state, "closed");
});
