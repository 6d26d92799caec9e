/** The stream against a real server, over a line that is cut. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Punnet, Refused, Unreachable } from "../src/index.js";
import { Relay } from "./relay.js";
import { call, live, next, reprice, somebody, stock, until } from "./shop.js";

/** A client over a relay, which is live; `prepare` sees it before. */
async function connected(t, options = {}, prepare = () => {}) {
  const relay = await Relay.open(t);
  const punnet = new Punnet({ url: relay.url, userId: somebody(), topics: ["price_drops"], storage: null, ...options });
  t.after(() => punnet.close());
  prepare(punnet);
  punnet.connect();
  await live(punnet);
  return { relay, punnet };
}

/** What a client is told from now on of prices of these products, since other tests change others: [product, price]. */
function drops(punnet, ...ids) {
  const told = [];
  punnet.on("PRICE_DROP_ALERT", ({ productId, newPrice }) => {
    if (ids.includes(productId)) told.push([productId, newPrice]);
  });
  return told;
}

test("it tells how it stands, and each message to who asked for its type", async (t) => {
  const [rye] = await stock("rye");
  const relay = await Relay.open(t);
  const filter = { productIds: [rye] };
  const punnet = new Punnet({ url: relay.url, userId: somebody(), topics: ["price_drops"], filter, storage: null });
  const states = [];
  punnet.on("state", (state) => states.push(state));
  const all = [];
  punnet.on("*", (payload, message) => all.push([message.type, payload === message.payload]));
  assert.deepEqual([punnet.state, punnet.transport, punnet.lastMessageId], ["idle", null, ""]);

  assert.equal(punnet.connect(), punnet);
  await live(punnet);
  assert.equal(punnet.transport, "websocket");
  const drop = next(punnet, "PRICE_DROP_ALERT");
  await reprice(rye, 4);
  assert.equal((await drop).newPrice, 4);

  assert.deepEqual(all, [["CONNECTION_ACK", true], ["PRICE_DROP_ALERT", true]]);
  const off = punnet.on("HEARTBEAT", assert.fail);
  off();
  punnet.close();
  assert.equal(punnet.transport, null);
  assert.deepEqual(states, ["connecting", "live", "closed"]);
});

test("a line that breaks is mended, and what was missed is told once and in order", async (t) => {
  const [rye, oat] = await stock("rye", "oat");
  const { relay, punnet } = await connected(t);
  const told = drops(punnet, rye, oat);
  await reprice(rye, 4.5);
  await until(() => told.length === 1);

  for (const price of [4, 3.5, 3]) {
    relay.cut();
    await until(() => punnet.state === "reconnecting");
    await reprice(oat, price);
    await reprice(rye, price);
    relay.mend();
    await live(punnet);
  }
  await reprice(rye, 1);
  await until(() => told.at(-1)[1] === 1);

  const missed = [4, 3.5, 3].flatMap((price) => [[oat, price], [rye, price]]);
  assert.deepEqual(told, [[rye, 4.5], ...missed, [rye, 1]]);
});

test("a page that is loaded anew goes on where the last one was", async (t) => {
  const [rye] = await stock("rye");
  const { punnet } = await connected(t);
  const { lastMessageId, userId } = punnet;
  punnet.close();
  await reprice(rye, 4);

  let told;
  await connected(t, { userId, lastMessageId }, (again) => (told = drops(again, rye)));
  await until(() => told.length);
  assert.deepEqual(told, [[rye, 4]]);
});

test("a client that is closed opens anew, and has missed nothing", async (t) => {
  const [rye] = await stock("rye");
  const { punnet } = await connected(t);
  const told = drops(punnet, rye);
  punnet.close();
  await reprice(rye, 4);
  punnet.connect();
  await until(() => told.length);
  assert.deepEqual(told, [[rye, 4]]);
});

test("who was away for too long is told so, once", async (t) => {
  const relay = await Relay.open(t);
  const punnet = new Punnet({ url: relay.url, userId: somebody(), storage: null, lastMessageId: "another-journal:7" });
  t.after(() => punnet.close());
  let unresumed = 0;
  punnet.on("unresumed", () => (unresumed += 1));
  await punnet.connect().subscribe(["trending"]);
  assert.equal(unresumed, 1);

  relay.cut();
  await until(() => punnet.state === "reconnecting");
  relay.mend();
  await live(punnet);
  assert.equal(unresumed, 1);
});

test("topics are subscribed to and left, and what is refused changes nothing", async (t) => {
  const { punnet } = await connected(t);
  assert.deepEqual(await punnet.subscribe(["trending", "stock_alerts"]), ["price_drops", "trending", "stock_alerts"]);
  const refused = await punnet.subscribe(["gossip"]).catch((error) => error);
  assert.ok(refused instanceof Refused);
  assert.deepEqual([refused.code, refused.status, refused.field], ["BAD_INPUT", 400, "payload.topics[0]"]);
  assert.match(refused.message, /gossip/);
  assert.match(refused.allowed, /price_drops/);
  assert.deepEqual(await punnet.unsubscribe(["price_drops"]), ["trending", "stock_alerts"]);
  assert.deepEqual(punnet.topics, ["trending", "stock_alerts"]);
});

test("changes that are asked for in one moment are made in their order", async (t) => {
  const { punnet } = await connected(t);
  const [more, fewer, last] = await Promise.all([
    punnet.subscribe(["trending"]),
    punnet.unsubscribe(["trending", "price_drops"]),
    punnet.subscribe(["stock_alerts"]),
  ]);
  assert.deepEqual([more, fewer, last], [["price_drops", "trending"], [], ["stock_alerts"]]);
});

test("what is subscribed to during a break settles after it", async (t) => {
  const { relay, punnet } = await connected(t);
  relay.cut();
  await until(() => punnet.state === "reconnecting");
  const [more, refused, fewer] = [
    punnet.subscribe(["trending"]),
    punnet.subscribe(["gossip"]).catch((error) => error.name),
    punnet.unsubscribe(["price_drops"]),
  ];
  relay.mend();
  assert.deepEqual(await more, ["price_drops", "trending"]);
  assert.equal(await refused, "Refused");
  assert.deepEqual(await fewer, ["trending"]);
});

test("what is subscribed to before it connects, or when it is closed, is in the address", async (t) => {
  const relay = await Relay.open(t);
  const punnet = new Punnet({ url: relay.url, userId: somebody(), storage: null });
  t.after(() => punnet.close());
  const subscribed = punnet.subscribe(["trending"], { latitude: 39, longitude: -84.5 });
  punnet.connect();
  assert.deepEqual(await subscribed, ["trending"]);
  await live(punnet);
  assert.match(relay.requests[0], /topics=trending&latitude=39&longitude=-84.5/);

  relay.cut();
  await until(() => punnet.state === "reconnecting");
  const pending = punnet.subscribe(["price_drops"], { filter: { relevance: "mine" } });
  punnet.close();
  assert.deepEqual(await pending, ["trending", "price_drops"]);
  relay.mend();
  punnet.connect();
  await live(punnet);
  assert.match(relay.requests.at(-1), /topics=trending%2Cprice_drops&relevance=mine&latitude=39/);
  assert.equal(relay.frames.length, 0);
});

test("a filter outlives a break", async (t) => {
  const [rye, oat] = await stock("rye", "oat");
  const { relay, punnet } = await connected(t, { topics: [] });
  await punnet.subscribe(["price_drops"], { filter: { productIds: [oat] } });
  const told = drops(punnet, rye, oat);

  relay.cut();
  await until(() => punnet.state === "reconnecting");
  await reprice(rye, 4);
  await reprice(oat, 4);
  relay.mend();
  await live(punnet);
  await reprice(rye, 3);
  await reprice(oat, 3);
  await until(() => told.length === 2);
  assert.deepEqual(told, [[oat, 4], [oat, 3]]);
});

test("so do several filters", async (t) => {
  const [rye, oat] = await stock("rye", "oat");
  const { relay, punnet } = await connected(t, { filter: { productIds: [rye] } });
  await punnet.subscribe(["stock_alerts"], { filter: { productIds: [oat] } });
  const told = [];
  for (const type of ["PRICE_DROP_ALERT", "STOCK_ALERT"]) {
    punnet.on(type, ({ productId, ...payload }) => told.push([type, productId, payload.newPrice ?? payload.stock]));
  }
  const change = async (price, stock) => {
    for (const id of [rye, oat]) {
      for (const fields of [{ price }, { stock: 0 }, { stock }]) await call("PATCH", `/api/products/${id}`, fields);
    }
  };

  relay.cut();
  await until(() => punnet.state === "reconnecting");
  await change(4, 7);
  relay.frames.length = 0;
  relay.mend();
  await live(punnet);
  await until(() => told.length >= 2 && relay.frames.length === 2);
  const filters = relay.frames.map(({ payload }) => payload.filter.productIds);
  assert.deepEqual(filters, [[rye], [oat]]);
  await punnet.subscribe(["trending"]);
  await change(3, 9);
  await until(() => told.length >= 4);
  assert.deepEqual(told.sort(), [
    ["PRICE_DROP_ALERT", rye, 3],
    ["PRICE_DROP_ALERT", rye, 4],
    ["STOCK_ALERT", oat, 7],
    ["STOCK_ALERT", oat, 9],
  ]);
});

test("a line on which nothing moves any more is given up after some heartbeats", async (t) => {
  const relay = await Relay.open(t);
  relay.rewrite = (bytes) =>
    Buffer.from(bytes.toString("latin1").replace('"heartbeatInterval":30000', '"heartbeatInterval":1e2  '), "latin1");
  const punnet = new Punnet({ url: relay.url, userId: somebody(), storage: null }).connect();
  t.after(() => punnet.close());
  await next(punnet, "HEARTBEAT");
  assert.deepEqual(relay.frames[0], { type: "HEARTBEAT" });
  assert.equal(punnet.state, "live");

  relay.freeze();
  await until(() => punnet.state === "reconnecting");
  await live(punnet);
});

test("a question on a line that breaks is asked over REST", async (t) => {
  const { relay, punnet } = await connected(t);
  relay.deafen();
  const answer = punnet.request({ limit: 1 });
  await until(() => relay.frames.some(({ type }) => type === "REQUEST_RECOMMENDATIONS"));
  relay.cut();
  relay.mend();
  assert.equal((await answer).userId, punnet.userId);
  assert.match(relay.requests.find((request) => request.startsWith("GET /api/recommendations?")), /limit=1&userId=/);
});

test("where nobody listens it says so, and goes on trying", async (t) => {
  const relay = await Relay.open(t);
  relay.cut();
  const punnet = new Punnet({ url: relay.url, userId: somebody(), storage: null }).connect();
  t.after(() => punnet.close());
  await until(() => punnet.state === "reconnecting");
  const missing = await punnet.request().catch((error) => error);
  assert.ok(missing instanceof Unreachable);
  assert.match(missing.message, /does not answer/);
  relay.mend();
  await live(punnet);
});
