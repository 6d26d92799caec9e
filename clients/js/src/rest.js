/** The calls of REST: each gives the `data` of its answer, or throws Refused or Unreachable. */

import { refusal, Unreachable } from "./errors.js";

const PATIENCE = 15_000; // milliseconds until a call counts as lost
const SMALL = 8_000; // characters; browsers keep 64 KiB alive of all that a page left behind

export class Rest {
  #base;
  #token;

  /** `base` is the server's address; `token()` gives what to show it, or nothing. */
  constructor(base, token) {
    this.#base = base;
    this.#token = token;
  }

  /** The browser's cache is passed by, unless told otherwise: an answer in it knows nothing of what was done since. */
  get(path, query = {}, { cache = "no-store" } = {}) {
    const address = new URL(path, this.#base);
    address.search = parameters(query);
    return this.#call(address, { cache });
  }

  /** What is posted outlives its page. */
  post(path, content) {
    const body = JSON.stringify(content);
    const headers = { "Content-Type": "application/json" };
    return this.#call(new URL(path, this.#base), { method: "POST", headers, body, keepalive: body.length < SMALL });
  }

  async #call(address, options) {
    const headers = { ...options.headers, ...bearer(await this.#token()) };
    const signal = AbortSignal.timeout(PATIENCE);
    return (await opened(await reach(address, { ...options, headers, signal }))).data;
  }
}

/** The header that shows a token, where there is one. */
export function bearer(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** `fetch`, with Unreachable where no answer comes. */
export async function reach(address, options) {
  try {
    return await fetch(address, options);
  } catch (cause) {
    throw new Unreachable(`The server at ${address.origin} does not answer.`, { cause });
  }
}

/** What stands in an answer's envelope; throws what the server says instead. */
export async function opened(response) {
  const answer = await response.json().catch(() => null);
  if (answer?.success === true) return answer;
  const retryAfter = 1000 * Number(response.headers.get("Retry-After")) || 0;
  if (typeof answer?.error?.message === "string") throw refusal(answer.error, retryAfter);
  const { origin } = new URL(response.url);
  const error = new Unreachable(`What answers at ${origin} is not a Punnet server (status ${response.status}).`);
  throw Object.assign(error, { retryAfter });
}

/** A query string; what has no value is left out, lists are joined by commas. */
export function parameters(query) {
  const texts = Object.entries(query).map(([name, value]) => [name, String(value ?? "")]);
  return new URLSearchParams(texts.filter(([, text]) => text));
}
