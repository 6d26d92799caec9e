/** A shopper's stream: it comes back by itself, later and later, and goes on where it was cut. */

import { fullJitter } from "./backoff.js";
import { Connection } from "./connection.js";
import { isBusy, isUnauthorized, Refused, Unreachable } from "./errors.js";
import { EVENTS, openEvents } from "./events.js";
import { parameters } from "./rest.js";
import { openSocket, WEBSOCKET } from "./socket.js";
import { Renewal } from "./tokens.js";

/** How long everything may take: milliseconds, but for what is counted. */
export const PACE = {
  first: 500, // the ceiling of the first wait before it comes back
  longest: 15_000,
  patience: 10_000, // until a connection must be acknowledged, and a message answered
  missed: 2.2, // heartbeats until a silent connection counts as dead
  blocked: 2, // WebSockets in a row that did not open, until events are tried
  again: 15_000, // on events, until a WebSocket is tried again; twice as long each time
  seldom: 600_000,
  settled: 1_000, // until a connection counts as one whose token is taken
};

const PATHS = { [WEBSOCKET]: "ws/recommendations", [EVENTS]: "api/recommendations/stream" };

const TRY_AGAIN_LATER = 1013;
const LATER = 3; // tries by which the wait is longer where the server says that

export class Stream {
  state = "idle";
  lastMessageId;
  #base;
  #token;
  #query;
  #told;
  #pace;
  #connection = null;
  #next = WEBSOCKET;
  #tries = 0;
  #unopened = 0;
  #retry = null;
  #again;
  #trial;
  #probe = null;
  #waiting = [];
  #trying = [];
  #refusal = "";
  #shown;
  #openedAt = 0;
  #isDenied = false;
  #renewal = new Renewal();
  #isTold = false;
  #wake = () => this.#online();

  /**
   * `query()` gives what stands in the address beside `lastMessageId`. `told` has the functions that are called:
   * `state(state)`, `message(message)`, `unresumed()`, `refused(error)`.
   */
  constructor({ base, token, query, told, lastMessageId = "", pace = PACE }) {
    this.#base = base;
    this.#token = token;
    this.#query = query;
    this.#told = told;
    this.#pace = pace;
    this.#again = pace.again;
    this.lastMessageId = lastMessageId;
  }

  /** Whether it is wanted, open or not. */
  get isOn() {
    return this.state !== "idle" && this.state !== "closed";
  }

  /** What carries it now; null while nothing does. */
  get transport() {
    return this.state === "live" ? this.#connection.transport : null;
  }

  open() {
    if (this.isOn) return;
    globalThis.addEventListener?.("online", this.#wake);
    this.#tries = this.#unopened = 0;
    this.#isDenied = false;
    this.#begin();
    this.#turnTo("connecting");
  }

  close() {
    this.#end(new Unreachable("The connection was closed."));
  }

  /** Begin anew, with the query as it is now, and go on from the last message. */
  reopen() {
    if (!this.isOn) return;
    this.#leave();
    this.#begin();
    this.#turnTo("reconnecting");
  }

  /** Settles once it is live; throws Unreachable when it is closed, and Refused when the server will not have it. */
  whenLive() {
    if (this.state === "live") return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Settles once the first try is over, whatever came of it. */
  async whenTried() {
    if (this.state === "connecting") await new Promise((resolve) => this.#trying.push(resolve));
  }

  /** Resolves to the server's answer to a message; throws Refused, or Unreachable. */
  async ask(type, payload) {
    if (this.transport !== WEBSOCKET) throw new Unreachable("There is no connection to speak on.");
    return this.#connection.ask(type, payload);
  }

  /**
   * Show the token that `token()` gives now. Resolves to the server's answer, and to null where nothing can be said
   * on what carries it: then it begins anew. Throws Refused, or Unreachable; a token may be shown again later.
   */
  async authenticate() {
    const connection = this.#connection;
    if (this.transport === EVENTS) {
      this.reopen();
      await this.whenLive();
      return null;
    }
    const token = await this.#token();
    const answer = await this.ask("AUTHENTICATE", { token });
    // One that came meanwhile has shown a token of its own.
    if (connection === this.#connection) this.#keep(token);
    return answer;
  }

  #begin() {
    this.#retry = null;
    this.#isTold = false;
    const message = (one) => this.#hear(one);
    const ended = (how) => this.#lost(how);
    const token = async () => (this.#shown = await this.#token());
    this.#connection = this.#connect(this.#next, () => this.#wanted(), { message, ended }, token);
  }

  #connect(transport, query, told, token = this.#token) {
    const address = new URL(PATHS[transport], this.#base);
    const dial = (token, hears) => {
      address.search = parameters(transport === WEBSOCKET ? { ...query(), token } : query());
      return transport === WEBSOCKET ? openSocket(address, hears) : openEvents(address, token, hears);
    };
    return new Connection({ transport, token, dial, told, pace: this.#pace });
  }

  #wanted() {
    return { ...this.#query(), lastMessageId: this.lastMessageId };
  }

  #hear(message) {
    this.lastMessageId = message.messageId;
    if (message.type === "CONNECTION_ACK") this.#opened();
    // Whoever is told that it is live may close it.
    if (!this.isOn) return;
    this.#told.message(message);
    // The welcome says it, and the first SUBSCRIBED once more.
    if (message.payload.resumed !== false || this.#isTold) return;
    this.#isTold = true;
    this.#told.unresumed();
  }

  #opened() {
    this.#tries = this.#unopened = 0;
    this.#refusal = "";
    this.#openedAt = performance.now();
    if (this.#next === WEBSOCKET) this.#keep(this.#shown);
    if (this.#next === EVENTS) this.#tryLater();
    this.#turnTo("live");
    this.#release(({ resolve }) => resolve());
  }

  #lost({ isOpen, code, error }) {
    clearTimeout(this.#trial);
    this.#renewal.stop();
    this.#probe?.close();
    if (isOpen && performance.now() - this.#openedAt >= this.#pace.settled) this.#isDenied = false;
    if (!isOpen) this.#choose();
    if (isUnauthorized(error)) {
      this.#deny(error);
      return;
    }
    const tries = code === TRY_AGAIN_LATER ? this.#tries + LATER : this.#tries;
    this.#tries += 1;
    this.#comeBack((error?.retryAfter ?? 0) + fullJitter(tries, this.#pace));
    if (this.isOn && error instanceof Refused && !isBusy(error)) this.#refuse(error);
  }

  #comeBack(wait) {
    this.#retry = setTimeout(() => this.#begin(), wait);
    this.#turnTo("reconnecting");
  }

  /** Show another token at once, and once: where that is not taken either, there is nobody to wait for. */
  #deny(error) {
    if (this.#isDenied) {
      this.#end(error);
      this.#told.refused(error);
      return;
    }
    this.#isDenied = true;
    this.#comeBack(0);
  }

  /** Be ready to show another token before this one expires; where that is refused, the server says so in the end. */
  #keep(token) {
    this.#renewal.expect(token, () => this.authenticate().catch(() => {}));
  }

  /**
   * What did not open may be blocked, or the server may be away: then it begins with a WebSocket when it is back.
   * After a token was not taken, it may be the next one: only events tell.
   */
  #choose() {
    this.#unopened = this.#next === WEBSOCKET ? this.#unopened + 1 : 0;
    this.#next = this.#unopened < (this.#isDenied ? 1 : this.#pace.blocked) ? WEBSOCKET : EVENTS;
  }

  #refuse(error) {
    if (this.#waiting.length) this.#release(({ reject }) => reject(error));
    else if (error.message !== this.#refusal) this.#told.refused(error);
    this.#refusal = error.message;
  }

  /** See now and then, beside the events, whether a WebSocket gets through. */
  #tryLater() {
    clearTimeout(this.#trial);
    this.#trial = setTimeout(() => {
      const { userId } = this.#query();
      const message = () => {
        this.#again = this.#pace.again;
        this.#next = WEBSOCKET;
        this.reopen();
      };
      const ended = () => this.#tryLater();
      this.#again = Math.min(2 * this.#again, this.#pace.seldom);
      this.#probe = this.#connect(WEBSOCKET, () => ({ userId }), { message, ended });
    }, this.#again);
  }

  /** The browser says that the network is back. */
  #online() {
    if (this.#retry === null) {
      this.#connection.check();
      return;
    }
    clearTimeout(this.#retry);
    this.#tries = 0;
    this.#begin();
  }

  #end(error) {
    if (!this.isOn) return;
    globalThis.removeEventListener?.("online", this.#wake);
    this.#leave();
    this.#turnTo("closed");
    this.#release(({ reject }) => reject(error));
  }

  #leave() {
    this.#renewal.stop();
    clearTimeout(this.#retry);
    clearTimeout(this.#trial);
    this.#retry = null;
    this.#probe?.close();
    this.#connection?.close();
  }

  #turnTo(state) {
    if (this.state === state) return;
    this.state = state;
    const trying = this.#trying;
    this.#trying = [];
    for (const resolve of trying) resolve();
    this.#told.state(state);
  }

  #release(settle) {
    const waiting = this.#waiting;
    this.#waiting = [];
    waiting.forEach(settle);
  }
}
