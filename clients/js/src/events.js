/** A stream's line over server-sent events, for places where no WebSocket gets through. */

import { Unreachable } from "./errors.js";
import { bearer, opened, reach } from "./rest.js";

export const EVENTS = "sse";

/**
 * Open it: like a WebSocket's line, but nothing can be sent. It calls `alive()` at each sign of life as well, and
 * `ended({ error })` has why there is no stream.
 *
 * `fetch` reads it rather than EventSource, which tells neither why a server refuses nor that it still lives, and
 * which can show a token only in the address, where logs would keep it.
 */
export function openEvents(address, token, { heard, alive, ended }) {
  const leaving = new AbortController();
  const { signal } = leaving;
  listen(address, { headers: bearer(token), signal, cache: "no-store" }, { heard, alive }).then(
    () => ended({}),
    (error) => ended({ error }),
  );
  return { send: null, close: () => leaving.abort() };
}

async function listen(address, options, { heard, alive }) {
  const response = await reach(address, options);
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    await opened(response);
    throw new Unreachable(`What answers at ${address.origin} is no stream.`);
  }
  const events = new Events(heard);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    events.take(value);
  }
}

/** Makes events of text that comes in pieces, and tells the data of each. */
export class Events {
  #told;
  #rest = "";
  #data = [];

  constructor(told) {
    this.#told = told;
  }

  take(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) this.#read(line.replace(/\r$/, ""));
  }

  #read(line) {
    if (line.startsWith("data:")) this.#data.push(line.slice(line[5] === " " ? 6 : 5));
    if (line !== "" || this.#data.length === 0) return;
    const data = this.#data.join("\n");
    this.#data = [];
    this.#told(data);
  }
}
