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
  with({ topics, filter, latitude, longitude }) {
    const narrowing = (topic) => (LISTS.includes(topic) ? { latitude, longitude } : { filter: filter ?? {} });
    const added = topics.map((topic) => [topic, narrowing(topic)]);
    return new Subscriptions(new Map([...this.#wanted, ...added]));
  }

  without({ topics }) {
    return new Subscriptions(new Map([...this.#wanted].filter(([topic]) => !topics.includes(topic))));
  }

  /** The parameters that open a stream with all topics, and narrowed as far as an address can say it. */
  get query() {
    const [filters, places] = [this.#filters(), this.#places()].map((groups) => (haveRoom(groups) ? groups : []));
    const { latitude, longitude } = places[0] ?? {};
    return { topics: this.topics, ...filters[0]?.filter, latitude, longitude };
  }

  /** What remains to be said on a stream that was opened with `query`: payloads of SUBSCRIBE. */
  get unsaid() {
    return [this.#filters(), this.#places()].filter((groups) => !haveRoom(groups)).flat();
  }

  /**
   * Whether a message fits the filter of its topic. The server sees to that, but for streams that cannot be told all:
   * those of events, and any that was just opened. What is `relevance: "mine"` only the server knows.
   */
  admits(message) {
    const wanted = this.#wanted.get(topicOf(message));
    if (!wanted?.filter || haveRoom(this.#filters())) return true;
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

/** Whether an address can say it: once only, and in lists that commas separate. */
function haveRoom(groups) {
  const names = groups.flatMap(({ filter }) => Object.values(filter ?? {}).flat());
  return groups.length < 2 && !names.some((name) => String(name).includes(","));
}

function fits({ productIds, farmIds, categories }, product) {
  const has = (names, name) => !names || names.includes(name);
  return has(productIds, product.id) && has(farmIds, product.farmId) && has(categories, product.category);
}
