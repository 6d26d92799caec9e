/** What a shopper subscribed to: which topics, and narrowed by what. */

/** The topic that a message belongs to; a PERSONALIZED_SUGGESTION says itself whether it has one. */
const TOPICS = {
  PRICE_DROP_ALERT: "price_drops",
  STOCK_ALERT: "stock_alerts",
  NEW_ARRIVAL_ALERT: "new_arrivals",
  TRENDING_UPDATE: "trending",
};

/** Topics whose messages are lists: these have a place, the others a filter. */
const LISTS = ["trending", "personalized"];

const ANYWHERE = { latitude: undefined, longitude: undefined };

/** The topic of a message, null where it is told without one. */
export const topicOf = ({ type, payload }) => TOPICS[type] ?? payload?.topic ?? null;

/** Never changed: a change gives another one. */
export class Subscriptions {
  #wanted;

  /** `wanted` has what each topic is narrowed to: {filter} or {latitude, longitude}. */
  constructor(wanted = new Map()) {
    this.#wanted = wanted;
  }

  get topics() {
    return [...this.#wanted.keys()];
  }

  /** These, and more topics; one that is there already is narrowed anew. */
  with({ topics, filter = {}, latitude, longitude }) {
    const place = latitude === undefined ? ANYWHERE : { latitude, longitude };
    const added = topics.map((topic) => [topic, LISTS.includes(topic) ? place : { filter: filter ?? {} }]);
    return new Subscriptions(new Map([...this.#wanted, ...added]));
  }

  without({ topics }) {
    return new Subscriptions(new Map([...this.#wanted].filter(([topic]) => !topics.includes(topic))));
  }

  /** The parameters that open a stream with all topics. There is room for one filter and one place; of several, none. */
  get query() {
    const [filters, places] = [this.#filters(), this.#places()];
    return {
      topics: this.topics,
      ...(filters.length === 1 ? filters[0].filter : {}),
      ...(places.length === 1 ? place(places[0]) : {}),
    };
  }

  /** What remains to be said on a stream that was opened with `query`: payloads of SUBSCRIBE. */
  get unsaid() {
    return [this.#filters(), this.#places()].filter((groups) => groups.length > 1).flat();
  }

  /**
   * Whether a message fits the filter of its topic. The server sees to that, but for streams that cannot be told of several filters: those of
   * events, and all when they have just been opened. What is `relevance: "mine"` only the server knows.
   */
  admits(message) {
    const wanted = this.#wanted.get(topicOf(message));
    if (!wanted?.filter || this.#filters().length < 2) return true;
    const { product, products = [product] } = message.payload;
    return products.some((one) => fits(wanted.filter, one));
  }

  #filters() {
    return this.#groups((topic) => !LISTS.includes(topic));
  }

  #places() {
    return this.#groups((topic) => LISTS.includes(topic));
  }

  /** The topics of a kind, those together that are narrowed alike. */
  #groups(isOfKind) {
    const groups = new Map();
    for (const [topic, narrowed] of this.#wanted) {
      const alike = JSON.stringify(narrowed);
      if (!isOfKind(topic)) continue;
      if (!groups.has(alike)) groups.set(alike, { topics: [], ...narrowed });
      groups.get(alike).topics.push(topic);
    }
    return [...groups.values()];
  }
}

const place = ({ latitude, longitude }) => ({ latitude, longitude });

function fits({ productIds, farmIds, categories }, product) {
  const has = (names, name) => !names || names.includes(name);
  return has(productIds, product.id) && has(farmIds, product.farmId) && has(categories, product.category);
}
