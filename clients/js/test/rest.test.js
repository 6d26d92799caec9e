/** Calls of REST against a real server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Punnet, Refused, Unreachable } from "../src/index.js";
import { Relay } from "./relay.js";
import { call, live, next, somebody, stock } from "./shop.js";

async function shop(t, options = {}) {
  const relay = await Relay.open(t);
  return { relay, punnet: new Punnet({ url: relay.url, userId: somebody(), storage: null, ...options }) };
}

const ids = ({ recommendations }) => recommendations.map(({ product }) => product.id);

test("what is recommended is asked for with all that a query may say", async (t) => {
  // As many as a list has where nobody says how many.
  const [rye, oat, bran] = await stock("rye", "oat", "bran", ...Array.from("1234567", (at) => `roll-${at}`));
  const { relay, punnet } = await shop(t);
  const context = { pageType: "PRODUCT_DETAIL", productId: rye };
  const left = { category: "", latitude: null, longitude: undefined };
  const answer = await punnet.recommend({ context, excludeIds: [bran, "a b"], limit: 100, ...left });
  assert.equal(answer.userId, punnet.userId);
  const found = ids(answer);
  assert.ok(found.includes(oat) && !found.includes(rye) && !found.includes(bran));
  const parameters = new URL(relay.requests[0].split(" ")[1], relay.url).searchParams;
  assert.deepEqual(Object.fromEntries(parameters), {
    context: "PRODUCT_DETAIL",
    productId: rye,
    excludeIds: `${bran},a b`,
    limit: "100",
    userId: punnet.userId,
  });
  assert.match(relay.requests[0], /^cache-control: no-cache\r$/im);
  assert.equal((await punnet.recommend({ context: "HOME", limit: 1 })).recommendations.length, 1);
  assert.equal((await punnet.recommend()).recommendations.length, 10);
});

test("what was done a moment ago is in the next answer", async (t) => {
  const [rye, oat] = await stock("rye", "oat");
  const { punnet } = await shop(t);
  const query = { context: "CART", limit: 100 };
  assert.ok(ids(await punnet.recommend(query)).includes(rye));
  const answer = await punnet.act("ADD_TO_CART", { entityId: rye, limit: 100, context: { pageType: "CART" } });
  assert.ok(!ids(answer).includes(rye) && ids(answer).includes(oat));
  assert.ok(!ids(await punnet.recommend(query)).includes(rye));
});

test("an action that is tried again with its id is answered again", async (t) => {
  const [rye] = await stock("rye");
  const { punnet } = await shop(t);
  const purchase = { eventId: `bought-${rye}`, metadata: { items: [{ productId: rye, quantity: 1, unitPrice: 5 }] } };
  await punnet.act("COMPLETE_PURCHASE", purchase);
  await punnet.act("COMPLETE_PURCHASE", purchase);
  assert.equal((await call("GET", `/api/users/${punnet.userId}`)).orders.length, 1);
});

test("products are shown, listed, and found together", async (t) => {
  const [rye, oat] = await stock("rye", "oat");
  const { punnet } = await shop(t);
  const product = await punnet.product(rye);
  assert.deepEqual([product.id, product.farm.name], [rye, "Hill Farm"]);
  const { products, next: after } = await punnet.products({ category: "Bread", limit: 1 });
  assert.equal(products.length, 1);
  assert.notEqual((await punnet.products({ category: "Bread", after, limit: 1 })).products[0].id, products[0].id);
  assert.ok((await punnet.products()).products.length > 1);

  for (const id of ["one", "two"]) {
    const lines = [rye, oat].map((productId) => ({ productId, quantity: 1, unitPrice: 5 }));
    await call("POST", "/api/orders", { id: `${id}-${rye}`, userId: "ann", placedAt: new Date(), lines });
  }
  const together = await punnet.together(rye, 3);
  assert.deepEqual([together.productId, ids(together), together.count], [rye, [oat], 1]);
});

test("the statistics are counted, in detail where asked for", async (t) => {
  const { punnet } = await shop(t);
  assert.equal((await punnet.statistics()).events.byType, undefined);
  assert.ok((await punnet.statistics({ detailed: true })).events.byType);
});

test("who is refused is told why, and what is allowed", async (t) => {
  const { punnet } = await shop(t);
  const error = await punnet.recommend({ limit: 0 }).catch((error) => error);
  assert.ok(error instanceof Refused && error instanceof Error);
  const { name, code, status, field, value, allowed, message } = error;
  assert.deepEqual([name, code, status, field, value], ["Refused", "BAD_INPUT", 400, "limit", 0]);
  assert.match(message, /^limit is 0: it must be a whole number from 1 to 100\.$/);
  assert.match(allowed, /from 1 to 100/);
  const missing = await punnet.product("a/b?").catch((error) => error);
  assert.deepEqual([missing.status, missing.code], [404, "UNKNOWN_ID"]);
  assert.match(missing.message, /a\/b\?/);
});

test("a server that is away is unreachable", async (t) => {
  const { relay, punnet } = await shop(t);
  relay.cut();
  for (const ask of ["recommend", "act", "statistics"]) {
    await assert.rejects(punnet[ask](), (error) => error instanceof Unreachable && error.message.includes(relay.url));
  }
});

test("a token is shown wherever something is asked, anew each time", async (t) => {
  let shown = 0;
  const { relay, punnet } = await shop(t, { token: async () => `token-${++shown}` });
  t.after(() => punnet.close());
  await punnet.statistics();
  punnet.connect();
  await live(punnet);
  assert.match(relay.requests[0], /^authorization: Bearer token-1\r$/im);
  assert.match(relay.requests[1], /^GET \/ws\/recommendations\?userId=[^ ]*&token=token-2 /);
  relay.cut();
  await next(punnet, "state", (state) => state === "reconnecting");
  relay.mend();
  await live(punnet);
  assert.match(relay.requests.at(-1), /&token=token-3 /);

  const { relay: plain, punnet: constant } = await shop(t, { token: "secret" });
  await constant.track("SEARCH", { entityId: "bread" });
  assert.match(plain.requests[0], /^authorization: Bearer secret\r$/im);
  constant.close();
});

test("a token that cannot be had is waited for", async (t) => {
  let isHad = false;
  const token = () => (isHad ? "token" : Promise.reject(new Error("The session is over.")));
  const { punnet } = await shop(t, { token });
  t.after(() => punnet.close());
  punnet.connect();
  await next(punnet, "state", (state) => state === "reconnecting");
  isHad = true;
  await live(punnet);
});

test("a client needs to know its server and its user, and topics in a list", async () => {
  const [url, userId] = ["http://localhost", "ann"];
  assert.throws(() => new Punnet({ url }), /userId must say whose client this is/);
  assert.throws(() => new Punnet({ url, userId: "" }), TypeError);
  assert.throws(() => new Punnet({ userId }), /url must be the server's address/);
  assert.throws(() => new Punnet({ url, userId, topics: "trending" }), /topics must be a list/);
  await assert.rejects(new Punnet({ url, userId }).subscribe("trending"), /topics must be a list/);
  assert.equal(new Punnet({ url, userId }).userId, userId);
});

test("a server below a path is found, whatever its address ends with", async (t) => {
  for (const end of ["", "/", "//"]) {
    const { relay, punnet } = await shop(t);
    const below = new Punnet({ url: new URL(`${relay.url}/shop${end}`), userId: punnet.userId, storage: null });
    await assert.rejects(below.statistics(), (error) => error.code === "UNKNOWN_PATH");
    assert.match(relay.requests[0], /^GET \/shop\/api\/recommendations\/stats /);
  }
});
