/** The golden messages of protocol/fixtures: the client takes all that a server says, and says what a server takes. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { test } from "node:test";

import { Punnet } from "../src/index.js";
import { Relay } from "./relay.js";
import { call, live, next, somebody, until } from "./shop.js";

const fixtures = new URL("../../../protocol/fixtures/", import.meta.url);

async function accepted(name) {
  const { cases } = JSON.parse(await readFile(new URL(`${name}.json`, fixtures)));
  return cases.filter(({ refused }) => !refused);
}

test("each message of a server reaches those who listen for its type", async (t) => {
  const messages = (await accepted("server")).map(({ message }) => message);
  const stream = messages.map((message) => `id: ${message.messageId}\ndata: ${JSON.stringify(message)}\n\n`).join("");
  const server = createServer((request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
    response.write(stream);
  });
  server.on("upgrade", (request, socket) => {
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n", () => socket.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const punnet = new Punnet({ url: `http://127.0.0.1:${server.address().port}`, userId: "ann", storage: null });
  t.after(() => {
    punnet.close();
    server.closeAllConnections();
    server.close();
  });
  const [heard, typed] = [[], []];
  punnet.on("*", (payload, message) => heard.push(message));
  for (const type of new Set(messages.map((message) => message.type))) {
    punnet.on(type, (payload, message) => typed.push({ ...message, type, payload }));
  }
  let unresumed = 0;
  punnet.on("unresumed", () => (unresumed += 1));
  punnet.connect();
  await until(() => heard.length === messages.length);
  assert.deepEqual(heard, messages);
  assert.deepEqual(typed, messages);
  assert.equal(punnet.lastMessageId, messages.at(-1).messageId);
  assert.equal(unresumed, 1);
});

/** What makes a client say a message of this kind and payload. */
const SAY = {
  SUBSCRIBE: (punnet, { topics, ...narrowing }) => punnet.subscribe(topics, narrowing),
  UNSUBSCRIBE: (punnet, { topics }) => punnet.unsubscribe(topics),
  USER_ACTION: (punnet, { type, ...about }) => punnet.track(type, about),
  REQUEST_RECOMMENDATIONS: (punnet, query) => punnet.request(query),
  AUTHENTICATE: (punnet) => punnet.refreshToken(),
};

test("each message that a server takes is what the client says", async (t) => {
  await call("PUT", "/api/farms/hill", { name: "Hill Farm" });
  for (const id of ["tomatoes", "basil"]) {
    await call("PUT", `/api/products/${id}`, { name: id, farmId: "hill", category: "Vegetables", price: 4.99 });
  }
  const relay = await Relay.open(t);
  let shown = null;
  const token = () => shown;
  const punnet = new Punnet({ url: relay.url, userId: somebody(), storage: null, token }).connect();
  t.after(() => punnet.close());
  await live(punnet);
  for (const { kind, name, message, answered } of await accepted("client")) {
    // Its heartbeat is tried where a line dies, and carries nothing.
    if (kind === "HEARTBEAT") continue;
    relay.frames.length = 0;
    const answer = next(punnet, answered ?? "*", (_, { requestId }) => requestId);
    // An id stands for one action, also when the server has seen these tests before.
    const payload = structuredClone(message.payload ?? {});
    if (payload.eventId) payload.eventId += punnet.userId;
    shown = payload.token ?? null;
    await SAY[kind](punnet, payload);
    const { requestId, ...said } = relay.frames[0];
    if (kind === "USER_ACTION") {
      for (const own of ["eventId", "timestamp"]) {
        assert.ok(said.payload[own], name);
        if (!(own in payload)) delete said.payload[own];
      }
    }
    assert.deepEqual(said, { type: kind, payload }, name);
    assert.match(requestId, /^[0-9a-f]{24}$/, name);
    await answer;
  }
});
