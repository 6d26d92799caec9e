/** A relay between client and server, whose line can be cut, and which sees what passes. */

import { connect, createServer } from "node:net";

/** `PUNNET_URL` is a real server; tests/clients/test_javascript.py starts it. */
export const SERVER = process.env.PUNNET_URL;

export class Relay {
  /** How requests began, each with its headers, as the client sent them. */
  requests = [];
  /** What the client said in WebSocket frames. */
  frames = [];
  /** How many connections were turned away while it was cut. */
  turnedAway = 0;
  /** Answers to a request's first bytes instead of the server, where it gives something. */
  answer = () => null;
  /** Changes what the server sends. */
  rewrite = (bytes) => bytes;
  #target;
  #lines = new Set();
  #near = new Set();
  #listener;
  #isWhole = true;
  #isFrozen = false;
  #isDeafened = false;

  static async open(t, target = SERVER) {
    const relay = new Relay();
    relay.#target = new URL(target);
    relay.#listener = createServer((near) => relay.#take(near));
    await new Promise((resolve) => relay.#listener.listen(0, "127.0.0.1", resolve));
    t.after(() => relay.#close());
    return relay;
  }

  get url() {
    return `http://127.0.0.1:${this.#listener.address().port}`;
  }

  /** Nothing gets through until `mend`; what was open breaks. */
  cut() {
    this.#isWhole = false;
    for (const line of this.#lines) line.destroy();
  }

  mend() {
    this.#isWhole = true;
    this.#isFrozen = this.#isDeafened = false;
  }

  /** Nothing moves on open lines any more, and nobody is told. */
  freeze() {
    this.#isFrozen = true;
  }

  /** Say something in the server's place. */
  say(bytes) {
    for (const line of this.#near) line.write(bytes);
  }

  /** What the client says still arrives, but it hears nothing. */
  deafen() {
    this.#isDeafened = true;
  }

  #take(near) {
    if (!this.#isWhole) {
      this.turnedAway += 1;
      near.destroy();
      return;
    }
    const far = connect(this.#target.port, this.#target.hostname);
    const frames = new Frames(this.frames);
    const isFrozen = this.#isFrozen;
    this.#near.add(near);
    for (const [one, other] of [[near, far], [far, near]]) {
      this.#lines.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#lines.delete(one);
        this.#near.delete(one);
        other.destroy();
      });
    }
    near.on("data", (bytes) => {
      if (this.#isFrozen !== isFrozen) return;
      if (/^[A-Z]+ \//.test(bytes)) {
        const request = bytes.toString();
        this.requests.push(request);
        const answer = this.answer(request);
        if (answer) {
          near.end(answer);
          return;
        }
      } else frames.take(bytes);
      far.write(bytes);
    });
    far.on("data", (bytes) => {
      if (this.#isFrozen === isFrozen && !this.#isDeafened) near.write(this.rewrite(bytes));
    });
  }

  #close() {
    this.cut();
    this.#listener.close();
  }
}

/** An answer that a relay gives itself. */
export function answer(status, headers = {}, body = "") {
  const lines = Object.entries({ "Content-Length": body.length, Connection: "close", ...headers });
  return `HTTP/1.1 ${status} .\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}

export const isUpgrade = (request) => /^upgrade: websocket/im.test(request);

/** Reads a client's frames, which are masked, and keeps the JSON in those of text. */
class Frames {
  #kept;
  #rest = Buffer.alloc(0);

  constructor(kept) {
    this.#kept = kept;
  }

  take(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let frame = this.#next(); frame; frame = this.#next()) {
      if (frame.isText) this.#kept.push(JSON.parse(frame.content));
    }
  }

  #next() {
    const held = this.#rest;
    if (held.length < 6) return null;
    const short = held[1] & 0x7f;
    if (held.length < 8) return null;
    const [length, at] = short === 126 ? [held.readUInt16BE(2), 4] : [short, 2];
    const end = at + 4 + length;
    if (short === 127 || held.length < end) return null;
    const mask = held.subarray(at, at + 4);
    const content = held.subarray(at + 4, end).map((byte, place) => byte ^ mask[place % 4]);
    this.#rest = held.subarray(end);
    return { isText: (held[0] & 0x0f) === 1, content };
  }
}
