/** Tokens that expire: a new one is shown in time, at once after the old one was refused, and not for ever. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Punnet, Refused, Unreachable } from "../src/index.js";
import { clientOf } from "../src/sharing.js";
import { expiryOf } from "../src/tokens.js";
import { answer, isUpgrade, Relay } from "./relay.js";
import { live, next, quick, reprice, somebody, stock, timers, until } from "./shop.js";

const encoded = (content) => Buffer.from(JSON.stringify(content)).toString("base64url");
const jwt = (claims) => `${encoded({ alg: "HS256" })}.${encoded(claims)}.c2lnbmVk`;
/** A token of which so many seconds are left. */
const lasting = (seconds, sub = "ann") => jwt({ sub, exp: Date.now() / 1000 + seconds });

/** Tokens as a page's session gives them: each time another. */
function session(make = (count) => `token-${count}`) {
  const given = [];
  const token = async () => {
    given.push(make(given.length + 1));
    return given.at(-1);
  };
  return { given, token };
}

const EXPIRED = "The token has expired.";
const closing = (code, reason = "") =>
  Buffer.from([0x88, 2 + reason.length, code >> 8, code & 0xff, ...Buffer.from(reason)]);
const framed = (message) => {
  const text = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from([0x81, 126, text.length >> 8, text.length & 0xff]), text]);
};

const said = { code: "UNAUTHORIZED", message: "The signature of the token is wrong.", details: { field: "token" } };
const denial = answer(401, { "Content-Type": "application/json" }, JSON.stringify({ success: false, error: said }));

/** Say that what was asked last was done, in place of a server that hears of it no more. */
function answered(relay, message = { type: "HEARTBEAT", payload: { serverTime: "2025-01-15T10:30:00Z" } }) {
  const { requestId } = relay.frames.findLast(({ type }) => type === "AUTHENTICATE");
  relay.say(framed({ ...message, timestamp: new Date().toISOString(), messageId: "a-b:1", requestId }));
}

const shown = (relay) => relay.frames.filter(({ type }) => type === "AUTHENTICATE").map(({ payload }) => payload.token);

test("it reads when a token expires, and nothing where there is no telling", () => {
  assert.equal(expiryOf(jwt({ sub: "ängström?>~", exp: 1_800_000_000.5 })), 1_800_000_000_500);
  const others = [null, undefined, "", "opaque", "a.b.c", "a..c", jwt({}), jwt({ exp: "soon" }), jwt(null), jwt([5])];
  for (const token of others) assert.equal(expiryOf(token), null);
});

test("after a token expired it comes back at once with another, and goes on where it was", async (t) => {
  const [rye] = await stock("rye");
  const relay = await Relay.open(t);
  const { given, token } = session();
  const { stream, told } = quick(t, relay, { token, pace: { first: 60_000, longest: 60_000, settled: 0 } });
  const drops = () => told.messages.filter(({ payload }) => payload.productId === rye).map((one) => one.payload.newPrice);
  for (const price of [4, 3]) {
    await stream.whenLive();
    const { lastMessageId } = stream;
    const { length } = told.states;
    relay.say(closing(4401, EXPIRED));
    await until(() => told.states.length > length);
    await reprice(rye, price);
    await stream.whenLive();
    const asked = new URL(relay.requests.at(-1).split(" ")[1], relay.url).searchParams;
    // More may have been said before it was closed.
    const ids = told.messages.map(({ messageId }) => messageId);
    assert.ok(ids.indexOf(asked.get("lastMessageId")) >= ids.indexOf(lastMessageId));
    assert.ok(ids.includes(lastMessageId));
    assert.equal(asked.get("token"), given.at(-1));
  }
  await until(() => drops().length === 2);
  assert.deepEqual(drops(), [4, 3]);
  assert.deepEqual(given, ["token-1", "token-2", "token-3"]);
  assert.deepEqual(told.refused, []);
});

test("where the next token is refused too, it tells so once and ends", async (t) => {
  const { running } = timers(t);
  const relay = await Relay.open(t);
  const { given, token } = session();
  const { stream, told } = quick(t, relay, { token });
  await stream.whenLive();
  relay.answer = () => denial;
  relay.say(closing(4401, EXPIRED));
  await until(() => stream.state === "closed");
  assert.deepEqual(told.states, ["connecting", "live", "reconnecting", "closed"]);
  const [error, ...more] = told.refused;
  assert.ok(error instanceof Refused);
  assert.deepEqual([error.message, error.code, error.status, error.field], [said.message, said.code, 401, "token"]);
  assert.deepEqual(more, []);
  // One WebSocket, which cannot tell why it did not open, and events, which can. Node asks twice where it hears 401.
  const once = relay.requests.filter((request, at, all) => request.split("\r\n")[0] !== all[at - 1]?.split("\r\n")[0]);
  assert.deepEqual(once.map(isUpgrade), [true, true, false]);
  assert.equal(given.length, 3);
  assert.deepEqual(running(), []);

  relay.answer = () => null;
  stream.open();
  await stream.whenLive();
});

test("a connection that is closed within a second for its token had none that counts", async (t) => {
  const relay = await Relay.open(t);
  const { stream, told } = quick(t, relay, { pace: { settled: 10_000 } });
  for (let time = 0; time < 2; time += 1) {
    await stream.whenLive();
    // It is back too soon to be seen away.
    const { length } = told.states;
    relay.say(closing(4401));
    await until(() => told.states.length > length);
  }
  assert.equal(stream.state, "closed");
  assert.deepEqual(told.refused.map(({ message, field }) => [message, field]), [[EXPIRED, "token"]]);
});

test("a token that is refused from the beginning ends what waits for the stream", async (t) => {
  const relay = await Relay.open(t);
  relay.answer = () => denial;
  const { stream, told } = quick(t, relay);
  const error = await stream.whenLive().catch((refused) => refused);
  assert.equal(error.message, said.message);
  assert.equal(stream.state, "closed");
  assert.deepEqual(told.refused, [error]);
});

test("a server that is away between two tokens is waited for", async (t) => {
  const relay = await Relay.open(t);
  const { stream, told } = quick(t, relay);
  await stream.whenLive();
  relay.say(closing(4401, EXPIRED));
  relay.cut();
  await until(() => relay.turnedAway > 5);
  relay.mend();
  await stream.whenLive();
  assert.deepEqual(told.refused, []);
});

test("a session that gives no token for a while is asked again", async (t) => {
  const relay = await Relay.open(t);
  let asked = 0;
  const token = async () => {
    asked += 1;
    if (asked < 4) throw new Error("the session is away");
    return null;
  };
  const { stream, told } = quick(t, relay, { token });
  await stream.whenLive();
  assert.deepEqual([asked, told.refused.length], [4, 0]);
});

test("a part of a page that still wants a stream does not open again what was refused, a new part does", async (t) => {
  const relay = await Relay.open(t);
  relay.answer = () => denial;
  const client = clientOf({ url: relay.url, userId: somebody() });
  const refused = next(client.punnet, "refused");
  const release = client.hold(["trending"]);
  assert.equal((await refused).message, said.message);
  const { length } = relay.requests;
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(client.punnet.state, "closed");
  assert.equal(relay.requests.length, length);

  relay.answer = () => null;
  const releaseToo = client.hold(["trending"]);
  await live(client.punnet);
  release();
  releaseToo();
  await until(() => client.punnet.state === "closed");
});

test("a new token can be shown on the open stream, and what the server says of it is given back", async (t) => {
  const relay = await Relay.open(t);
  const { given, token } = session();
  const punnet = new Punnet({ url: relay.url, userId: somebody(), storage: null, token });
  t.after(() => punnet.close());
  await assert.rejects(punnet.refreshToken(), Unreachable);
  punnet.connect();
  await live(punnet);
  relay.deafen();
  const refreshed = punnet.refreshToken();
  await until(() => shown(relay).length);
  answered(relay);
  const { type, payload } = await refreshed;
  assert.deepEqual([type, payload], ["HEARTBEAT", { serverTime: "2025-01-15T10:30:00Z" }]);
  assert.deepEqual(shown(relay), [given.at(-1)]);

  const denied = punnet.refreshToken();
  await until(() => shown(relay).length === 2);
  answered(relay, { type: "ERROR", payload: { error: "The token is no JWT.", code: "UNAUTHORIZED", field: "payload.token" } });
  const error = await denied.catch((refused) => refused);
  assert.deepEqual([error.message, error.status, error.field], ["The token is no JWT.", 401, "payload.token"]);
  assert.equal(punnet.state, "live");
});

test("on events, where nothing can be said, it begins anew with the token", async (t) => {
  const relay = await Relay.open(t);
  relay.answer = (request) => isUpgrade(request) && answer(403);
  const { given, token } = session();
  const { stream } = quick(t, relay, { token });
  await stream.whenLive();
  assert.equal(await stream.authenticate(), null);
  assert.equal(stream.transport, "sse");
  assert.ok(relay.requests.at(-1).toLowerCase().includes(`authorization: bearer ${given.at(-1)}`));
});

test("half a minute before a token expires the next one is shown, and again before that one does", async (t) => {
  const { waits, running } = timers(t);
  const relay = await Relay.open(t);
  const { given, token } = session((count) => lasting(count === 1 ? 30.2 : 3600));
  const { stream } = quick(t, relay, { token });
  await stream.whenLive();
  // Of so short a life, half is waited for.
  const half = waits.find((wait) => wait > 15_000 && wait <= 15_100);
  assert.ok(half, waits.join());
  relay.deafen();
  const refreshed = stream.authenticate();
  await until(() => shown(relay).length);
  answered(relay);
  await refreshed;
  assert.deepEqual(shown(relay), [given[1]]);
  const hour = running().filter((wait) => wait > 3_560_000 && wait <= 3_570_000);
  assert.equal(hour.length, 1);
  assert.ok(!running().includes(half));
  stream.close();
  assert.deepEqual(running(), []);
});

test("it shows the next token by itself, and lives on where the server does not know of that", async (t) => {
  const relay = await Relay.open(t);
  const { given, token } = session((count) => (count === 1 ? lasting(1.5) : "opaque"));
  const { stream, told } = quick(t, relay, { token });
  await stream.whenLive();
  relay.deafen();
  await until(() => shown(relay).length);
  answered(relay, { type: "ERROR", payload: { error: "type is refused.", code: "BAD_INPUT", field: "type" } });
  await until(() => told.messages.some(({ type }) => type === "ERROR"));
  assert.deepEqual(shown(relay), ["opaque"]);
  assert.deepEqual([given.length, stream.state, told.refused.length], [2, "live", 0]);
});

test("for what is no JWT, has expired by this clock, or lasts for months, no timer is set", async (t) => {
  for (const one of ["opaque", lasting(-5), lasting(0.5), lasting(60 * 86_400)]) {
    const { running } = timers(t);
    const relay = await Relay.open(t);
    const { stream } = quick(t, relay, { token: async () => one });
    await stream.whenLive();
    assert.deepEqual(running().sort(), [30_000, 66_000]);
    stream.close();
    t.mock.restoreAll();
  }
});
