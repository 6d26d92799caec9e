/** One connection from its first byte to its end. */

import { Refused, Unreachable } from "./errors.js";
import { newId } from "./ids.js";

export class Connection {
  transport;
  /** Whether the server has acknowledged it. */
  isOpen = false;
  #told;
  #pace;
  #line = null;
  #isOver = false;
  #asked = new Map();
  #opening;
  #beating;
  #silence;
  #silent;
  #late;

  /**
   * `dial(shown, hears)` gives a line, once `token()` has given what to show there. `told` has the functions that
   * are called: `message(message)`, and at the end, unless it was closed here, `ended({ isOpen, code, error })`.
   */
  constructor({ transport, token, dial, told, pace }) {
    this.transport = transport;
    this.#told = told;
    this.#pace = pace;
    this.#opening = setTimeout(() => this.#end(), pace.patience);
    this.#begin(token, dial);
  }

  /** Resolves to the server's answer; throws Refused, or Unreachable where the line broke before it came. */
  ask(type, payload) {
    const requestId = newId();
    return new Promise((resolve, reject) => {
      if (!this.#say({ type, payload, requestId })) {
        reject(new Unreachable("There is no connection to speak on."));
        return;
      }
      this.#asked.set(requestId, { resolve, reject });
      this.#expect();
    });
  }

  /** Find out whether it still lives, sooner than the heartbeat would. */
  check() {
    this.ask("HEARTBEAT", {}).catch(() => {});
  }

  close() {
    this.#isOver = true;
    clearTimeout(this.#opening);
    clearTimeout(this.#silence);
    clearTimeout(this.#late);
    clearInterval(this.#beating);
    this.#line?.close();
    for (const { reject } of this.#asked.values()) {
      reject(new Unreachable("The connection broke before the answer came."));
    }
    this.#asked.clear();
  }

  async #begin(token, dial) {
    const hears = {
      heard: (text) => this.#isOver || this.#hear(JSON.parse(text)),
      alive: () => this.#live(),
      ended: (how) => this.#end(how),
    };
    try {
      const shown = await token();
      // Who left meanwhile needs no line: a browser would report one that is closed before it is open.
      if (!this.#isOver) this.#line = dial(shown, hears);
    } catch (error) {
      this.#end({ error });
    }
  }

  #say(message) {
    if (!this.isOpen || this.#isOver || !this.#line.send) return false;
    this.#line.send(JSON.stringify(message));
    return true;
  }

  #hear(message) {
    if (message.type === "CONNECTION_ACK") this.#open(message.payload.heartbeatInterval);
    this.#live();
    const asked = this.#asked.get(message.requestId);
    this.#asked.delete(message.requestId);
    this.#expect();
    if (message.type === "ERROR") asked?.reject(refusalIn(message.payload));
    else asked?.resolve(message);
    this.#told.message(message);
  }

  /** A line on which something was asked, and nothing is heard, is none. */
  #expect() {
    clearTimeout(this.#late);
    if (this.#asked.size) this.#late = setTimeout(() => this.#end(), this.#pace.patience);
  }

  #open(heartbeatInterval) {
    this.isOpen = true;
    clearTimeout(this.#opening);
    this.#silent = this.#pace.missed * heartbeatInterval;
    clearInterval(this.#beating);
    this.#beating = setInterval(() => this.#say({ type: "HEARTBEAT" }), heartbeatInterval);
  }

  #live() {
    if (!this.isOpen || this.#isOver) return;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#end(), this.#silent);
  }

  #end({ code, error } = {}) {
    if (this.#isOver) return;
    this.close();
    this.#told.ended({ isOpen: this.isOpen, code, error });
  }
}

function refusalIn({ error, code, field, value, allowed }) {
  return new Refused(error, { code, field, value, allowed });
}
