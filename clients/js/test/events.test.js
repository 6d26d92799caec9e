/** The stream where no WebSocket gets through: server-sent events. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Events } from "../src/events.js";
import { Punnet, Refused, Unreachable } from "../src/index.js";
import { answer, isUpgrade, Relay } from "./relay.js";
import { actionsOf, live, next, quick, reprice, somebody, stock, timers, until } from "./shop.js";

const blocked = (request) => isUpgrade(request) && answer(403);

/** A client that has fallen back to events. */
async function connected(t, options = {}) {
  const relay = await Relay.open(t);
  relay.answer = blocked;
  const punnet = new Punnet({ url: relay.url, userId: somebody(), topics: ["price_drops"], storage: null, ...options });
  t.after(() => punnet.close());
  punnet.connect();
  await live(punnet);
  return { relay, punnet };
}

const streams = (relay) => relay.requests.filter((request) => request.startsWith("GET /api/recommendations/stream?"));

test("events are read however their text is cut into pieces", () => {
  const first = ': comment\n\nid: a:1\ndata: {"type":1}\n\n';
  const text = `${first}event: x\r\ndata:one\r\ndata:  two\r\n\r\n\n\ndata: last\n\ndata: unfinished\n`;
  const whole = ['{"type":1}', "one\n two", "last"];
  for (let size = 1; size <= text.length; size++) {
    const told = [];
    const events = new Events((data) => told.push(data));
    for (let at = 0; at < text.length; at += size) events.take(text.slice(at, at + size));
    assert.deepEqual(told, whole);
  }
});

test("after two WebSockets that did not open it listens to events, and resumes", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await connected(t);
  assert.equal(punnet.transport, "sse");
  assert.equal(relay.requests.filter(isUpgrade).length, 2);
  const told = [];
  punnet.on("PRICE_DROP_ALERT", ({ productId, newPrice }) => productId === rye && told.push(newPrice));
  await reprice(rye, 4);
  await until(() => told.length === 1);

  relay.cut();
  await until(() => punnet.state === "reconnecting");
  await reprice(rye, 3);
  relay.mend();
  await live(punnet);
  assert.equal(punnet.transport, "sse");
  await until(() => told.length === 2);
  assert.deepEqual(told, [4, 3]);
  punnet.close();
  assert.equal(punnet.transport, null);
});

test("what the shopper does goes over REST, and what follows comes as an event", async (t) => {
  const [rye] = await stock("rye");
  const { punnet } = await connected(t);
  const update = next(punnet, "RECOMMENDATION_UPDATE");
  await punnet.track("VIEW_PRODUCT", { entityId: rye });
  assert.equal((await update).userId, punnet.userId);
  assert.equal((await punnet.request({ limit: 1 })).recommendations.length, 1);
  assert.equal((await actionsOf(punnet.userId)).length, 1);
});

test("topics change, and what is refused changes nothing", async (t) => {
  const [rye, oat] = await stock("rye", "oat");
  const { relay, punnet } = await connected(t, { topics: [] });
  const asked = [
    punnet.subscribe(["price_drops"], { filter: { productIds: [rye] } }),
    punnet.subscribe(["gossip"]).catch((error) => error),
    punnet.subscribe(["stock_alerts"], { filter: { productIds: [oat] } }),
  ];
  assert.deepEqual(await asked[0], ["price_drops"]);
  const refused = await asked[1];
  assert.ok(refused instanceof Refused);
  assert.match(refused.message, /gossip/);
  assert.deepEqual(await asked[2], ["price_drops", "stock_alerts"]);
  assert.equal(streams(relay).length, 5);

  const told = [];
  punnet.on("PRICE_DROP_ALERT", ({ productId }) => [rye, oat].includes(productId) && told.push(productId));
  await reprice(oat, 4);
  await reprice(rye, 4);
  await until(() => told.length);
  assert.deepEqual(told, [rye]);
  assert.deepEqual(await punnet.unsubscribe(["stock_alerts"]), ["price_drops"]);
});

test("a stream that is refused is told with the server's own sentence, once", async (t) => {
  const relay = await Relay.open(t);
  relay.answer = blocked;
  const { stream, told, query } = quick(t, relay, { topics: ["gossip"] });
  await until(() => streams(relay).length === 4);
  assert.equal(told.refused.length, 1);
  assert.ok(told.refused[0] instanceof Refused);
  assert.match(told.refused[0].message, /gossip/);
  await assert.rejects(stream.whenLive(), Refused);
  query.topics = ["trending"];
  await stream.whenLive();
  assert.equal(told.refused.length, 1);
});

test("it goes back to a WebSocket once one gets through, and misses nothing", async (t) => {
  const [rye] = await stock("rye");
  const relay = await Relay.open(t);
  relay.answer = blocked;
  const { stream, told } = quick(t, relay, { pace: { again: 20 } });
  await until(() => stream.transport === "sse");
  const opened = streams(relay).length;
  await until(() => relay.requests.filter(isUpgrade).length >= 5);
  assert.equal(streams(relay).length, opened);
  assert.equal(stream.transport, "sse");

  relay.answer = () => null;
  const asked = [];
  for (let price = 4.99; stream.transport !== "websocket"; price -= 0.01) {
    asked.push(price);
    await reprice(rye, price);
  }
  await reprice(rye, 1);
  const payloads = () => told.messages.map(({ payload }) => payload);
  const drops = () => payloads().flatMap(({ productId, newPrice }) => (productId === rye ? [newPrice] : []));
  await until(() => drops().at(-1) === 1);
  assert.deepEqual(drops(), [...asked, 1]);
  assert.deepEqual(told.states.slice(-3), ["live", "reconnecting", "live"]);
});

test("a server that is full is asked again after as long as it says", async (t) => {
  const { waits } = timers(t);
  t.mock.method(Math, "random", () => 0);
  const relay = await Relay.open(t, process.env.PUNNET_FULL_URL);
  const { stream: first } = quick(t, relay);
  await first.whenLive();
  const { stream: second, told } = quick(t, relay);
  await until(() => waits.includes(1000));
  assert.equal(second.state, "reconnecting");
  first.close();
  await second.whenLive();
  assert.equal(second.transport, "websocket");
  assert.deepEqual(told.refused, []);
});

test("a proxy's page is no stream, and no answer", async (t) => {
  const relay = await Relay.open(t);
  const page = answer(200, { "Content-Type": "text/html" }, "<p>Hello!");
  relay.answer = (request) => (isUpgrade(request) ? answer(502) : page);
  const { stream, told } = quick(t, relay);
  await until(() => streams(relay).length === 2);
  const punnet = new Punnet({ url: relay.url, userId: somebody() });
  const error = await punnet.recommend().catch((error) => error);
  assert.ok(error instanceof Unreachable);
  assert.match(error.message, /is not a Punnet server \(status 200\)/);
  relay.answer = () => null;
  await stream.whenLive();
  assert.deepEqual(told.refused, []);
});
