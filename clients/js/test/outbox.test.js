/** What a shopper does, on its way to a real server over a line that is cut. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Punnet, Refused, Unreachable } from "../src/index.js";
import { answer, Relay } from "./relay.js";
import { actionsOf, call, live, next, somebody, stock, Storage, timers, until } from "./shop.js";

async function opened(t, options = {}) {
  const relay = await Relay.open(t);
  const punnet = new Punnet({ url: relay.url, userId: somebody(), storage: new Storage(), ...options });
  t.after(() => punnet.close());
  return { relay, punnet };
}

/** Settles once a page that was closed holds nothing any more, as one that a browser has left. */
const gone = () => until(async () => !globalThis.navigator?.locks || !(await navigator.locks.query()).held.length);

const posts = (relay, path) => relay.requests.filter((request) => request.startsWith(`POST /api/${path} `));

test("an action goes over the stream, and is on disk when it settles", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  const counts = [];
  punnet.on("pending", (count) => counts.push(count));
  // The stream is not open yet: what follows a view comes over it, so the view waits.
  const update = next(punnet, "RECOMMENDATION_UPDATE");
  const eventId = `view-${rye}`;
  const view = { entityId: rye, eventId, timestamp: new Date() };
  const tracked = punnet.track("VIEW_PRODUCT", view);
  punnet.connect();
  assert.deepEqual(await tracked, { eventId, duplicate: false });
  assert.equal((await update).userId, punnet.userId);
  assert.deepEqual(await punnet.track("VIEW_PRODUCT", view), { eventId, duplicate: true });

  assert.deepEqual((await actionsOf(punnet.userId)).map((action) => action.eventId), [eventId]);
  assert.equal(posts(relay, "recommendations").length, 0);
  assert.deepEqual(counts, [1, 0, 1, 0]);
});

test("without a stream it goes over REST", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  const { eventId } = await punnet.track("VIEW_PRODUCT", { entityId: rye, metadata: { from: "a letter" } });
  const [action] = await actionsOf(punnet.userId);
  assert.deepEqual([action.eventId, action.metadata.from], [eventId, "a letter"]);
  assert.equal(posts(relay, "recommendations").length, 1);
  assert.equal(punnet.state, "idle");
});

test("what is done while the line is cut arrives once, in order, with its own time", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  punnet.connect();
  await live(punnet);
  relay.cut();
  const before = Date.now();
  const ids = ["a", "b", "c"].map((name) => name + rye);
  const tracked = ids.map((eventId) => punnet.track("VIEW_PRODUCT", { entityId: rye, eventId }));
  await until(() => punnet.state === "reconnecting");
  const after = Date.now();
  assert.equal(punnet.pending, 3);
  relay.mend();
  await Promise.all(tracked);

  const actions = await actionsOf(punnet.userId);
  assert.deepEqual(actions.map(({ eventId }) => eventId), ids);
  for (const { timestamp, recordedAt } of actions) {
    const [done, recorded] = [timestamp, recordedAt].map(Date.parse);
    assert.ok(before <= done && done <= after && after <= recorded, `${before} ${done} ${after} ${recorded}`);
  }
});

test("what arrived, but was not acknowledged, is sent again and not doubled", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  punnet.connect();
  await live(punnet);
  relay.deafen();
  const tracked = punnet.track("VIEW_PRODUCT", { entityId: rye });
  await until(async () => (await actionsOf(punnet.userId).catch(() => [])).length === 1);
  relay.cut();
  relay.mend();
  assert.equal((await tracked).duplicate, true);
  assert.equal((await actionsOf(punnet.userId)).length, 1);
  assert.equal(punnet.pending, 0);
});

test("what an earlier page could not send is sent by the next, first", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  const { userId } = punnet;
  const storage = new Storage();
  relay.cut();
  const page = new Punnet({ url: relay.url, userId, storage }).connect();
  t.after(() => page.close());
  page.close();
  await gone();
  const left = new Punnet({ url: relay.url, userId, storage }).connect();
  left.track("ADD_TO_CART", { entityId: rye, eventId: `first-${rye}` });
  left.track("REMOVE_FROM_CART", { entityId: rye, eventId: `second-${rye}` });
  await until(() => left.state === "reconnecting");
  left.close();
  assert.equal(left.pending, 2);
  await gone();
  storage.setItem("of another program", "{");
  storage.setItem([...storage.items.keys()][0].replace(/[^:]*$/, "broken"), "{");

  // It does not know yet of the others when it keeps this one.
  const tracked = page.track("VIEW_PRODUCT", { entityId: rye, eventId: `third-${rye}` });
  relay.mend();
  page.connect();
  await tracked;
  await until(() => page.pending === 0);
  const found = (await actionsOf(userId)).map(({ eventId }) => eventId);
  assert.deepEqual(found, ["first", "second", "third"].map((name) => `${name}-${rye}`));
  assert.deepEqual([...storage.items.keys()], ["of another program"]);
});

test("what waits belongs to one user of one server", async (t) => {
  const [rye] = await stock("rye");
  const storage = new Storage();
  const relay = await Relay.open(t);
  relay.cut();
  const userId = somebody();
  const ann = new Punnet({ url: relay.url, userId: `${userId}:`, storage });
  ann.track("VIEW_PRODUCT", { entityId: rye });
  await until(() => relay.turnedAway);
  ann.close();
  relay.mend();

  const bob = new Punnet({ url: relay.url, userId, storage });
  t.after(() => bob.close());
  await bob.track("VIEW_PRODUCT", { entityId: rye });
  assert.equal(storage.length, 1);
});

test("of two pages with one storage one sends what was left", async (t) => {
  const [rye] = await stock("rye");
  const relay = await Relay.open(t);
  const [storage, userId] = [new Storage(), somebody()];
  relay.cut();
  const left = new Punnet({ url: relay.url, userId, storage });
  for (let count = 0; count < 30; count++) left.track("VIEW_PRODUCT", { entityId: rye });
  await until(() => relay.turnedAway);
  left.close();
  await gone();
  relay.mend();

  const pages = [0, 1].map(() => new Punnet({ url: relay.url, userId, storage }).connect());
  t.after(() => pages.forEach((page) => page.close()));
  await until(() => storage.length === 0);
  assert.equal((await actionsOf(userId)).length, 30);
  assert.equal(posts(relay, "events").length, 1);
  // The other takes over when the first one leaves.
  pages[0].close();
  await pages[1].track("VIEW_PRODUCT", { entityId: rye });
});

test("many go in bulk, and each has its own verdict", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  const refused = [];
  punnet.on("refused", (error, action) => refused.push([error.code, error.status, error.field, action.entityId]));
  punnet.connect();
  await live(punnet);
  const ids = Array.from({ length: 50 }, (_, at) => (at === 20 ? "nothing" : rye));
  const settled = await Promise.allSettled(ids.map((entityId) => punnet.track("VIEW_PRODUCT", { entityId })));

  assert.deepEqual([posts(relay, "events").length, posts(relay, "recommendations").length], [1, 0]);
  assert.deepEqual(refused, [["UNKNOWN_ID", 404, "entityId", "nothing"]]);
  assert.ok(settled.every(({ status }, at) => status === (at === 20 ? "rejected" : "fulfilled")));
  assert.ok(settled[20].reason instanceof Refused);
  const kept = await actionsOf(punnet.userId);
  const fulfilled = settled.filter(({ status }) => status === "fulfilled");
  assert.deepEqual(kept.map(({ eventId }) => eventId), fulfilled.map(({ value }) => value.eventId));
});

test("what is refused is dropped and told, and nothing else waits for it", async (t) => {
  const [rye, oat] = await stock("rye", "oat");
  const { punnet } = await opened(t);
  punnet.connect();
  const taken = `taken-${rye}`;
  const told = [];
  punnet.on("refused", (error, action) => told.push([error.code, action.action]));
  await punnet.track("VIEW_PRODUCT", { entityId: rye, eventId: taken });
  const settled = await Promise.allSettled([
    punnet.track("VIEW_PRODUCT", { entityId: oat, eventId: taken }),
    punnet.track("RATE_PRODUCT", { entityId: rye, metadata: { rating: 9 } }),
    punnet.track("VIEW_PRODUCT", { entityId: oat }),
  ]);
  assert.deepEqual(settled.map(({ status }) => status), ["rejected", "rejected", "fulfilled"]);
  assert.deepEqual(told, [["CONFLICT", "VIEW_PRODUCT"], ["BAD_INPUT", "RATE_PRODUCT"]]);
  assert.match(settled[1].reason.message, /metadata.rating is 9/);
  assert.equal(punnet.pending, 0);
});

test("an action that no frame can hold goes over REST", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  punnet.connect();
  await live(punnet);
  await punnet.track("VIEW_PRODUCT", { entityId: rye, metadata: { note: "ö".repeat(9_000) } });
  assert.equal(posts(relay, "recommendations").length, 1);
  assert.equal(punnet.state, "live");
});

test("who may not send in bulk sends one after the other", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  const body = JSON.stringify({ success: false, error: { code: "FORBIDDEN", message: "Only back ends may do that." } });
  relay.answer = (request) => request.startsWith("POST /api/events ") && answer(403, {}, body);
  const ids = Array.from({ length: 5 }, (_, at) => `${at}-${rye}`);
  await Promise.all(ids.map((eventId) => punnet.track("VIEW_PRODUCT", { entityId: rye, eventId })));
  assert.deepEqual((await actionsOf(punnet.userId)).map(({ eventId }) => eventId), ids);
  assert.equal(posts(relay, "events").length, 1);
});

test("a server that asks for patience is given it", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  const body = JSON.stringify({ success: false, error: { code: "UNAVAILABLE", message: "The journal is away." } });
  let asked = 0;
  relay.answer = (request) => {
    if (!request.startsWith("POST ")) return null;
    asked = asked || Date.now();
    return Date.now() - asked < 990 && answer(503, { "Retry-After": "1" }, body);
  };
  await punnet.track("VIEW_PRODUCT", { entityId: rye });
  assert.equal(posts(relay, "recommendations").length, 2);
  assert.equal((await actionsOf(punnet.userId)).length, 1);
});

test("what the server asked for is not cut short by a stream that opens", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  const body = JSON.stringify({ success: false, error: { code: "UNAVAILABLE", message: "The journal is away." } });
  relay.answer = (request) => request.startsWith("POST ") && answer(503, { "Retry-After": "1" }, body);
  const { waits } = timers(t);
  const tracked = punnet.track("VIEW_PRODUCT", { entityId: rye });
  await until(() => waits.some((wait) => wait >= 1000));
  punnet.connect();
  await live(punnet);
  for (let asked = 0; asked < 2; asked++) await punnet.request({ limit: 1 });
  assert.equal(punnet.pending, 1);
  assert.equal((await tracked).duplicate, false);
});

test("what could not be sent is sent as soon as a stream opens", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  // Otherwise it would wait for a minute.
  t.mock.method(Math, "random", () => 100);
  relay.cut();
  const tracked = punnet.track("VIEW_PRODUCT", { entityId: rye });
  await until(() => relay.turnedAway);
  relay.mend();
  punnet.connect();
  assert.equal((await tracked).duplicate, false);
});

test("what is refused for want of another token waits for that", async (t) => {
  const [rye] = await stock("rye");
  const { relay, punnet } = await opened(t);
  punnet.on("refused", assert.fail);
  const body = JSON.stringify({ success: false, error: { code: "UNAUTHORIZED", message: "The token is too old." } });
  relay.answer = () => (posts(relay, "recommendations").length < 2 ? answer(401, {}, body) : null);
  await punnet.track("VIEW_PRODUCT", { entityId: rye });
  assert.equal(posts(relay, "recommendations").length, 2);
});

test("an action that waits keeps no other from being answered, or from failing", async (t) => {
  const { relay, punnet } = await opened(t);
  const { running } = timers(t);
  relay.cut();
  punnet.track("SEARCH", { entityId: "bread" });
  await until(() => running().length === 1);
  await assert.rejects(punnet.act("SEARCH", { entityId: "bread" }), Unreachable);
  await until(() => running().length === 1);
  punnet.close();
  assert.deepEqual(running(), []);
  assert.equal(punnet.pending, 1);
});

test("there is an end to what may wait, and whoever does more is told so", async (t) => {
  const { relay, punnet } = await opened(t, { storage: null });
  relay.cut();
  for (let count = 0; count < 1000; count++) punnet.track("VIEW_PRODUCT", { entityId: "rye" });
  await until(() => punnet.pending === 1000);
  const error = await punnet.track("VIEW_PRODUCT", { entityId: "rye" }).catch((error) => error);
  assert.ok(error instanceof Unreachable);
  assert.match(error.message, /1000 actions wait/);
  assert.equal(punnet.pending, 1000);
});

test("a storage that is full is told", async (t) => {
  const storage = new Storage();
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  const { punnet } = await opened(t, { storage });
  const error = await punnet.track("VIEW_PRODUCT", { entityId: "rye" }).catch((error) => error);
  assert.ok(error instanceof Unreachable);
  assert.match(error.message, /storage is full/);
});

test("what is done by a client that was closed waits until it connects again", async (t) => {
  const [rye] = await stock("rye");
  const { punnet } = await opened(t);
  punnet.connect();
  await live(punnet);
  punnet.close();
  const tracked = punnet.track("VIEW_PRODUCT", { entityId: rye });
  await until(() => punnet.pending === 1);
  punnet.connect();
  assert.equal((await tracked).duplicate, false);
});

test("an answer to an action reflects all that was done before", async (t) => {
  const [rye, oat, bran] = await stock("rye", "oat", "bran");
  const { relay, punnet } = await opened(t);
  relay.cut();
  punnet.track("ADD_TO_CART", { entityId: rye });
  await until(() => relay.turnedAway);
  relay.mend();
  const answer = await punnet.act("ADD_TO_CART", { entityId: oat, limit: 100, context: "CART" });
  const shown = answer.recommendations.map(({ product }) => product.id);
  assert.ok(shown.includes(bran));
  assert.ok(!shown.includes(rye) && !shown.includes(oat));
  assert.deepEqual((await actionsOf(punnet.userId)).map(({ entityId }) => entityId), [rye, oat]);
  await assert.rejects(punnet.act("EAT"), Refused);
});

test("what is asked while an action before it is failing does not overtake that", async (t) => {
  const [rye, oat] = await stock("rye", "oat");
  const { relay, punnet } = await opened(t);
  let acted = null;
  relay.answer = () => {
    relay.answer = () => null;
    acted = punnet.act("ADD_TO_CART", { entityId: oat });
    return answer(502);
  };
  punnet.track("ADD_TO_CART", { entityId: rye });
  await until(() => acted);
  await acted;
  assert.deepEqual((await actionsOf(punnet.userId)).map(({ entityId }) => entityId), [rye, oat]);
});
