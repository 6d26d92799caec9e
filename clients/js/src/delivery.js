/** The way of actions to the server: over the stream while it is live, else over REST. */

import { isBusy, refusal, Refused } from "./errors.js";
import { WEBSOCKET } from "./socket.js";

const FEW = 20; // actions that go over the stream, each for itself; more go in bulk
const LARGEST_FRAME = 16_000; // bytes, with what stands around it; the server reads 16 KiB

export class Delivery {
  #stream;
  #rest;
  #userId;
  #isBulkMine = true;

  constructor({ stream, rest, userId }) {
    this.#stream = stream;
    this.#rest = rest;
    this.#userId = userId;
  }

  /** What follows an action comes over the stream: one that is about to open is waited for. */
  ready() {
    return this.#stream.whenTried();
  }

  /** Take actions to the server. Gives what became of the first, or of all: {eventId, duplicate}, or an error. */
  async take(actions) {
    if (this.#stream.transport === WEBSOCKET && actions.length <= FEW && actions.every(fitsFrame)) {
      return Promise.all(actions.map((action) => this.#say(action).catch((error) => error)));
    }
    if (actions.length > 1 && this.#isBulkMine) return this.#postAll(actions);
    return [await this.#post(actions[0]).catch((error) => error)];
  }

  async #say({ action, ...about }) {
    const { payload } = await this.#stream.ask("USER_ACTION", { type: action, ...about });
    return payload;
  }

  async #post(action) {
    const { eventId, duplicate } = await this.#rest.post("api/recommendations", this.#by(action));
    return { eventId, duplicate };
  }

  async #postAll(actions) {
    try {
      const { lines } = await this.#rest.post("api/events", actions.map((action) => this.#by(action)));
      return lines.map(({ outcome, id, error }) =>
        error ? refusal(error) : { eventId: id, duplicate: outcome === "duplicate" },
      );
    } catch (error) {
      if (!(error instanceof Refused) || isBusy(error)) throw error;
      // Bulk is not for us: where tokens are checked, it is for back ends. Each for itself may well be taken.
      this.#isBulkMine = false;
      return [];
    }
  }

  #by(action) {
    return { userId: this.#userId, ...action };
  }
}

function fitsFrame(action) {
  return new TextEncoder().encode(JSON.stringify(action)).length < LARGEST_FRAME;
}
