/** The market's REST interface. Every call resolves to `data`, or throws one of the two errors below. */

/** The server said no: `message` is its sentence. */
export class Refused extends Error {}

/** No answer came. */
export class Unreachable extends Error {}

async function call(path, options = {}) {
  let answer;
  try {
    // Answers may be cached for a minute; this page wants to show the change of a second ago.
    const response = await fetch(new URL(path, document.baseURI), { cache: "no-store", ...options });
    answer = await response.json();
  } catch {
    throw new Unreachable("The market’s server does not answer.");
  }
  if (!answer.success) throw new Refused(answer.error?.message ?? "The server refused, without a reason.");
  return answer.data;
}

/** Recommendations for a query: {userId, limit, context, category, productId, searchQuery}. */
export async function recommend(query) {
  const given = Object.entries(query).filter(([, value]) => value);
  return (await call(`api/recommendations?${new URLSearchParams(given)}`)).recommendations;
}

/** Tell what the shopper did, and resolve to what the market suggests next. */
export async function act(action) {
  const body = JSON.stringify({ ...action, getRecommendations: true });
  const headers = { "Content-Type": "application/json" };
  const data = await call("api/recommendations", { method: "POST", headers, body });
  return data.recommendations?.recommendations ?? [];
}

/** A new id, for events, orders and visitors. `randomUUID` exists on https and localhost only. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
