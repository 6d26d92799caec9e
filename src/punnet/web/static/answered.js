/** Calls of the dashboard, each with an end to its patience. */

const PATIENCE = 8000; // milliseconds that an answer may take

/** What the server answers: {data} or {error}; with the code UNREACHABLE where no answer comes. */
export async function answered(path, options = {}) {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(path, { cache: "no-store", signal, ...options });
    return await response.json();
  } catch (error) {
    // No connection, no JSON, or no patience.
    if (!(error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException)) throw error;
    return { error: { code: "UNREACHABLE", message: "The server does not answer." } };
  }
}
