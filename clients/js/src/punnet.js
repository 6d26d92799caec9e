/** A shopper's client: what happens in the market, what the shopper does, and what to show next. */

import { Delivery } from "./delivery.js";
import { Refused, Unreachable } from "./errors.js";
import { newId } from "./ids.js";
import { Outbox } from "./outbox.js";
import { Rest } from "./rest.js";
import { Shelf, storageHere } from "./shelf.js";
import { WEBSOCKET } from "./socket.js";
import { Stream } from "./stream.js";
import { Subscriptions } from "./subscriptions.js";

export class Punnet {
  userId;
  #listeners = new Map();
  #subscriptions;
  #changing = Promise.resolve();
  #rest;
  #stream;
  #outbox;

  /** Nothing is opened, kept or sent before `connect`, or the first call. */
  constructor({ url, userId, topics = [], filter, latitude, longitude, token, storage, lastMessageId } = {}) {
    if (typeof userId !== "string" || userId === "") throw new TypeError("userId must say whose client this is.");
    inList(topics);
    const base = addressOf(url);
    const shown = async () => (typeof token === "function" ? token() : token);
    this.userId = userId;
    this.#subscriptions = new Subscriptions().with({ topics, filter, latitude, longitude });
    this.#rest = new Rest(base, shown);
    const query = () => ({ userId, ...this.#subscriptions.query });
    this.#stream = new Stream({ base, token: shown, query, lastMessageId, told: this.#toldByStream() });
    const delivery = new Delivery({ stream: this.#stream, rest: this.#rest, userId });
    this.#outbox = new Outbox({
      shelf: new Shelf(storage === undefined ? storageHere() : storage, base, userId),
      ready: () => delivery.ready(),
      deliver: (actions) => delivery.take(actions),
      told: {
        pending: (count) => this.#emit("pending", count),
        refused: (error, action) => this.#emit("refused", error, action),
      },
    });
  }

  get state() {
    return this.#stream.state;
  }

  get transport() {
    return this.#stream.transport;
  }

  get topics() {
    return this.#subscriptions.topics;
  }

  get pending() {
    return this.#outbox.pending;
  }

  /** The last message seen, to come back with. */
  get lastMessageId() {
    return this.#stream.lastMessageId;
  }

  connect() {
    this.#stream.open();
    this.#outbox.open();
    return this;
  }

  close() {
    this.#stream.close();
    this.#outbox.close();
  }

  /** Call `listener(payload, message)` for each event of a type; gives the function that ends it. */
  on(type, listener) {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Show the server a new token on the open stream. */
  refreshToken() {
    return this.#stream.authenticate();
  }

  subscribe(topics, { filter, latitude, longitude } = {}) {
    return this.#change("SUBSCRIBE", { topics, filter, latitude, longitude });
  }

  unsubscribe(topics) {
    return this.#change("UNSUBSCRIBE", { topics });
  }

  async track(action, about = {}) {
    if (this.state !== "closed") this.#outbox.open();
    // It may arrive much later.
    return this.#outbox.put(asAction(action, { timestamp: new Date(), ...about }));
  }

  async act(action, { limit, context, ...about } = {}) {
    await this.#outbox.tried();
    const asked = { userId: this.userId, ...asAction(action, about), getRecommendations: true, limit, context };
    return (await this.#rest.post("api/recommendations", asked)).recommendations;
  }

  recommend({ context, ...query } = {}) {
    const page = typeof context === "string" ? { context } : { ...context, context: context?.pageType, pageType: null };
    return this.#rest.get("api/recommendations", { ...query, ...page, userId: this.userId });
  }

  async request(query = {}) {
    try {
      return (await this.#stream.ask("REQUEST_RECOMMENDATIONS", query)).payload;
    } catch (error) {
      if (error instanceof Unreachable) return this.recommend(query);
      throw error;
    }
  }

  together(productId, limit) {
    const path = "api/recommendations/frequently-bought-together";
    return this.#rest.get(path, { productId, limit }, { cache: "default" });
  }

  product(id) {
    return this.#rest.get(`api/products/${encodeURIComponent(id)}`);
  }

  products({ category, after, limit } = {}) {
    return this.#rest.get("api/products", { category, after, limit });
  }

  statistics({ detailed } = {}) {
    return this.#rest.get("api/recommendations/stats", { detailed });
  }

  #toldByStream() {
    return {
      state: (state) => {
        if (state === "live") this.#live();
        this.#emit("state", state);
      },
      message: (message) => {
        if (!this.#subscriptions.admits(message)) return;
        this.#emit(message.type, message.payload, message);
        this.#emit("*", message.payload, message);
      },
      unresumed: () => this.#emit("unresumed"),
      refused: (error) => this.#emit("refused", error, null),
    };
  }

  #live() {
    this.#outbox.wake();
    if (this.transport !== WEBSOCKET) return;
    for (const payload of this.#subscriptions.unsaid) this.#stream.ask("SUBSCRIBE", payload).catch(() => {});
  }

  /** Subscriptions are changed one after the other; nothing is asked of the server while no stream is wanted. */
  async #change(type, payload) {
    inList(payload.topics);
    if (!this.#stream.isOn) return this.#subscribed(type, payload);
    const done = this.#changing.then(() => this.#negotiate(type, payload));
    this.#changing = done.catch(() => {});
    return done;
  }

  #subscribed(type, payload) {
    const before = this.#subscriptions;
    this.#subscriptions = type === "SUBSCRIBE" ? before.with(payload) : before.without(payload);
    return this.topics;
  }

  async #negotiate(type, payload) {
    const before = this.#subscriptions;
    while (this.#stream.isOn) {
      try {
        await this.#stream.whenLive();
        if (this.transport === WEBSOCKET) {
          await this.#stream.ask(type, payload);
          return this.#subscribed(type, payload);
        }
        this.#subscribed(type, payload);
        this.#stream.reopen();
        await this.#stream.whenLive();
        return this.topics;
      } catch (error) {
        const isRefused = error instanceof Refused;
        if (isRefused && this.#subscriptions !== before) this.#stream.reopen();
        this.#subscriptions = before;
        if (isRefused) throw error;
      }
    }
    return this.#subscribed(type, payload);
  }

  #emit(type, ...given) {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        listener(...given);
      } catch (error) {
        // It is the page's own, and must not keep anything else from being heard.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function inList(topics) {
  if (!Array.isArray(topics)) throw new TypeError('topics must be a list of topics, such as ["price_drops"].');
}

function addressOf(url) {
  const here = globalThis.document?.baseURI;
  if (url === undefined && here === undefined) {
    throw new TypeError("url must be the server's address: there is no page here to take it from.");
  }
  // Without the slash, a path would be taken for that of a file.
  const address = new URL(url === undefined ? here : `${url}`.replace(/\/*$/, "/"), here);
  return new URL(".", address).href;
}

function asAction(action, { entityId, entityType, metadata, timestamp, eventId = newId() }) {
  return { eventId, action, entityId, entityType, metadata, timestamp };
}
