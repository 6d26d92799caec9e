/** Processes that are free to end once their client is closed. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

import { Relay, SERVER } from "./relay.js";
import { somebody } from "./shop.js";

const index = new URL("../src/index.js", import.meta.url);

/** What a program says until it ends by itself, which takes it no longer than its client. */
async function said(program, url = SERVER) {
  const text = `import { Punnet } from ${JSON.stringify(index)};
    const punnet = new Punnet(${JSON.stringify({ url, userId: somebody(), topics: ["trending"] })});
    ${program}`;
  const options = { timeout: 10_000 };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", text], options);
  return stdout.trim();
}

test("one that was live", async () => {
  const program = `
    punnet.on("state", (state) => {
      console.log(state);
      if (state === "live") punnet.close();
    });
    punnet.connect();`;
  assert.equal(await said(program), "connecting\nlive\nclosed");
});

test("one that was just opened", async () => {
  const program = `
    punnet.connect().track("SEARCH", { entityId: "bread" });
    punnet.close();
    console.log(punnet.pending);`;
  assert.equal(await said(program), "1");
});

test("one that was waiting for its server", async (t) => {
  const relay = await Relay.open(t);
  relay.cut();
  const program = `
    punnet.connect().track("SEARCH", { entityId: "bread" });
    punnet.on("state", () => setTimeout(() => punnet.close(), 300));
    punnet.on("state", (state) => console.log(state));`;
  assert.equal(await said(program, relay.url), "reconnecting\nclosed");
});

test("one that only records something", async () => {
  const program = `
    console.log(await punnet.track("SEARCH", { entityId: "bread" }));
    punnet.close();`;
  assert.match(await said(program), /duplicate: false/);
});

test("a listener that throws is the page's own affair", async () => {
  const program = `
    process.on("uncaughtException", (error) => console.log(error.message));
    punnet.on("CONNECTION_ACK", () => { throw new Error("mine"); });
    punnet.on("CONNECTION_ACK", () => setTimeout(() => punnet.close()));
    punnet.connect();`;
  assert.equal(await said(program), "mine");
});

test("one that is closed by whoever is told something", async (t) => {
  const relay = await Relay.open(t);
  relay.cut();
  for (const [state, url] of [["connecting", SERVER], ["live", SERVER], ["reconnecting", relay.url]]) {
    const program = `
      punnet.on("state", (state) => console.log(state));
      punnet.on("state", (state) => state === "${state}" && punnet.close());
      punnet.on("*", () => console.log("a message"));
      punnet.connect();`;
    const states = { live: "connecting\nlive\n", reconnecting: "connecting\nreconnecting\n" };
    assert.equal(await said(program, url), `${states[state] ?? "connecting\n"}closed`);
  }
});
