/** Clients that several parts of a page use together: one for each user of a server. */

import { Punnet } from "./punnet.js";

const clients = new Map();

/** The client of a user, for as long as somebody holds it or it has something to send. */
export function clientOf({ url, token, userId }) {
  const name = JSON.stringify([url, userId]);
  const forget = (client) => clients.get(name) === client && clients.delete(name);
  if (!clients.has(name)) clients.set(name, new Shared({ url, token, userId }, forget));
  return clients.get(name);
}

class Shared {
  punnet;
  #forget;
  #holders = new Set();
  #asked = new Set();
  #sending = 0;
  #isDue = false;
  #isRefused = false;

  constructor(options, forget) {
    this.punnet = new Punnet(options);
    this.punnet.on("state", (state) => {
      // Nobody closed it who holds it: the server does not take the token.
      if (state === "closed" && this.#holders.size) this.#isRefused = true;
      this.#changed();
    });
    this.#forget = forget;
    this.#changed();
  }

  /** Keep the stream open, with these topics, until the function that this gives is called. */
  hold(topics) {
    const holder = { topics };
    this.#isRefused = false;
    this.#holders.add(holder);
    this.#changed();
    return () => {
      this.#holders.delete(holder);
      this.#changed();
    };
  }

  /** Track an action, whether or not somebody holds the client. */
  async track(action, about) {
    this.#sending += 1;
    try {
      return await this.punnet.track(action, about);
    } finally {
      this.#sending -= 1;
      this.#changed();
    }
  }

  /** A part of a page that goes and comes back in one moment, or changes its mind, costs nothing. */
  #changed() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#settle();
    });
  }

  #settle() {
    if (this.#holders.size) {
      this.#subscribe();
      if (!this.#isRefused) this.punnet.connect();
    } else if (!this.#sending || !["idle", "live"].includes(this.punnet.state)) {
      // What cannot be sent now is kept in the browser's storage for the next client.
      this.#forget(this);
      this.punnet.close();
    }
  }

  #subscribe() {
    const wanted = new Set([...this.#holders].flatMap(({ topics }) => topics));
    const missing = [...wanted].filter((topic) => !this.#asked.has(topic));
    const left = [...this.#asked].filter((topic) => !wanted.has(topic));
    this.#asked = wanted;
    if (missing.length) this.punnet.subscribe(missing);
    if (left.length) this.punnet.unsubscribe(left);
  }
}
