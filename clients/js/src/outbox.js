/** Actions on their way: kept until the server has them, sent in order, each once. */

import { fullJitter } from "./backoff.js";
import { mayPass, Unreachable } from "./errors.js";

const PACE = { first: 500, longest: 30_000 };
const ROOM = 1000; // actions
const LARGEST_BATCH = 200_000; // characters

export class Outbox {
  #shelf;
  #ready;
  #deliver;
  #told;
  #waiting = new Map();
  #isOpen = false;
  #isRunning = false;
  #pause = null;
  #trying = [];
  #keeper = null;
  #adopted = null;

  /**
   * `ready()` settles when it is a good moment to send. `deliver(actions)` takes them to the server, and gives what
   * became of the first of them, or of all: {eventId, duplicate}, or an error. `told` has the functions that are
   * called: `pending(count)` and `refused(error, action)`.
   */
  constructor({ shelf, ready, deliver, told }) {
    this.#shelf = shelf;
    this.#ready = ready;
    this.#deliver = deliver;
    this.#told = told;
  }

  get pending() {
    return this.#waiting.size;
  }

  /** Resolves to {eventId, duplicate} once the server has the action; throws Refused when it does not want it. */
  put(action) {
    if (this.#waiting.size >= ROOM) {
      return Promise.reject(new Unreachable(`${ROOM} actions wait for the server: there is no room for another.`));
    }
    return new Promise((resolve, reject) => {
      this.#wait(this.#keep(action), action, { resolve, reject });
      this.#run();
    });
  }

  /** Send what lies there, and what comes. */
  open() {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#adopt();
    this.#run();
  }

  /** Leave what waits where it is. */
  close() {
    this.#isOpen = false;
    this.#keeper?.abort();
    this.#keeper = null;
    this.#pause?.end();
  }

  /** The server may be there again. */
  wake() {
    if (this.#pause?.mayEnd) this.#pause.end();
  }

  /** Settles once what waits has been sent, or could not be: whoever goes another way then does not overtake it. */
  async tried() {
    this.wake();
    if (!this.#isOpen || !this.#waiting.size || this.#pause) return;
    await new Promise((resolve) => this.#trying.push(resolve));
  }

  #keep(action) {
    try {
      return this.#shelf.put(action);
    } catch (cause) {
      throw new Unreachable("The browser's storage is full: the action was not kept.", { cause });
    }
  }

  #wait(key, action, caller) {
    this.#waiting.set(key, { action, caller });
    this.#told.pending(this.pending);
  }

  /** Take over what earlier pages left: of several tabs one does that, and when it goes the next. */
  #adopt() {
    const locks = globalThis.navigator?.locks;
    if (!locks) {
      this.#takeOver();
      return;
    }
    this.#keeper = new AbortController();
    const { signal } = this.#keeper;
    const { name } = this.#shelf;
    this.#adopted = new Promise((resolve) => {
      const keep = (lock) => {
        if (lock && !signal.aborted) this.#takeOver();
        resolve();
        return lock && ended(signal);
      };
      const inTurn = () => locks.request(name, { signal }, keep);
      locks.request(name, { ifAvailable: true }, keep).then(inTurn).catch(() => {});
    });
  }

  #takeOver() {
    for (const [key, action] of this.#shelf.all()) if (!this.#waiting.has(key)) this.#wait(key, action, null);
    this.#run();
  }

  async #run() {
    if (this.#isRunning || !this.#isOpen) return;
    this.#isRunning = true;
    let tries = 0;
    while (this.#isOpen && this.#waiting.size) {
      // What is done in one moment goes out together, behind what was done before; a page that connects in that moment
      // is waited for.
      await this.#adopted;
      await this.#ready();
      const asked = this.#trying.length;
      const error = this.#isOpen ? await this.#send() : null;
      // Whoever asks while an attempt fails wants another: the server may be there again by then.
      if (error) this.#release(error.retryAfter ? Infinity : asked);
      else if (!this.#waiting.size) this.#release();
      if (error && this.#isOpen && !this.#trying.length) await this.#rest(error, tries);
      tries = error ? tries + 1 : 0;
    }
    this.#isRunning = false;
    this.#release();
  }

  #release(count = Infinity) {
    for (const resolve of this.#trying.splice(0, count)) resolve();
  }

  /** Send some; gives the error after which those that are left should wait, if there is one. */
  async #send() {
    const batch = this.#front();
    const actions = batch.map(([, { action }]) => action);
    const outcomes = await this.#deliver(actions).catch((error) => batch.map(() => error));
    let delaying = null;
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome instanceof Error && mayPass(outcome)) delaying ??= outcome;
      else this.#settle(...batch[at], outcome);
    }
    return delaying;
  }

  #front() {
    let room = LARGEST_BATCH;
    const inOrder = [...this.#waiting].sort(([key], [other]) => (key < other ? -1 : 1));
    return inOrder.filter(([, { action }], at) => {
      room -= JSON.stringify(action).length;
      return at === 0 || room > 0;
    });
  }

  #settle(key, { action, caller }, outcome) {
    this.#waiting.delete(key);
    this.#shelf.remove(key);
    this.#told.pending(this.pending);
    if (outcome instanceof Error) {
      this.#told.refused(outcome, action);
      caller?.reject(outcome);
    } else {
      caller?.resolve(outcome);
    }
  }

  #rest(error, tries) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#pause = null;
        resolve();
      };
      const timer = setTimeout(end, (error.retryAfter ?? 0) + fullJitter(tries, PACE));
      this.#pause = { end, mayEnd: !error.retryAfter };
    });
  }
}

function ended(signal) {
  return signal.aborted ? null : new Promise((resolve) => signal.addEventListener("abort", resolve));
}
