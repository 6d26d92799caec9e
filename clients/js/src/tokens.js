/** Tokens, as far as a client understands them: when one expires, and that a new one is shown before. */

const AHEAD = 30_000; // milliseconds before a token expires
const SHORT = 1_000; // what has no longer to live is not worth a question
const LONGEST_WAIT = 2 ** 31 - 1; // a timer set to more would go off at once

/** When a token expires, in milliseconds since 1970; null where it does not say so, or is no JWT. */
export function expiryOf(token) {
  try {
    const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(body));
    return Number.isFinite(exp) ? 1000 * exp : null;
  } catch {
    return null;
  }
}

/** Goes off some time before a token expires: half a minute, or half of what is left where that is less. */
export class Renewal {
  #timer;

  /** Call `renew()` in time for this token, and for no other one any more. */
  expect(token, renew) {
    this.stop();
    const left = (expiryOf(token) ?? 0) - Date.now();
    const wait = Math.max(left - AHEAD, left / 2);
    if (left >= SHORT && wait <= LONGEST_WAIT) this.#timer = setTimeout(renew, wait);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
