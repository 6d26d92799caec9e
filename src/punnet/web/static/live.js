/** The market's WebSocket: it comes back by itself, later and later, misses nothing, and says when it is gone. */

import { newId } from "./api.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const SILENCE = 2.2; // heartbeats missed before a connection counts as dead

/** Opens the stream of `userId`, with `topics`. `onState(state)`: live, reconnecting; `onMessage(type, payload)`. */
export class Live {
  #userId;
  #topics;
  #last = "";
  #onState;
  #onMessage;
  #socket = null;
  #tries = 0;
  #timers = { retry: 0, beat: 0 };
  #heard = 0;
  #wake = () => this.#timers.retry && this.#open();

  constructor(userId, topics, { onState, onMessage }) {
    this.#userId = userId;
    this.#topics = topics;
    this.#onState = onState;
    this.#onMessage = onMessage;
    addEventListener("online", this.#wake);
    this.#open();
  }

  /** Send a message; false when the stream is down and nothing was sent. */
  send(type, payload = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(
      JSON.stringify({ type, payload, messageId: newId(), timestamp: new Date().toISOString() }),
    );
    return true;
  }

  /** Close for good. */
  close() {
    removeEventListener("online", this.#wake);
    clearTimeout(this.#timers.retry);
    clearInterval(this.#timers.beat);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #open() {
    clearTimeout(this.#timers.retry);
    this.#timers.retry = 0;
    const known = { userId: this.#userId, topics: this.#topics.join(), lastMessageId: this.#last };
    const address = new URL(`ws/recommendations?${new URLSearchParams(known)}`, document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.addEventListener("message", (event) => socket === this.#socket && this.#hear(event.data));
    socket.addEventListener("close", () => socket === this.#socket && this.#lost());
    this.#socket = socket;
  }

  #hear(text) {
    this.#heard = performance.now();
    const { type, payload, messageId } = JSON.parse(text);
    this.#last = messageId;
    if (type === "CONNECTION_ACK") {
      this.#tries = 0;
      this.#beat(payload.heartbeatInterval);
      this.#onState("live");
    }
    this.#onMessage(type, payload);
  }

  #beat(interval) {
    clearInterval(this.#timers.beat);
    this.#timers.beat = setInterval(() => {
      if (performance.now() - this.#heard > SILENCE * interval) this.#lost();
      else this.send("HEARTBEAT");
    }, interval);
  }

  #lost() {
    clearInterval(this.#timers.beat);
    this.#socket?.close();
    this.#socket = null;
    // Full jitter: many pages that lost one server do not all come back in the same moment.
    const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#tries++);
    const wait = ceiling / 4 + Math.random() * ceiling * 0.75;
    this.#timers.retry = setTimeout(() => this.#open(), wait);
    this.#onState("reconnecting");
  }
}
