/** Calls that need the admin key: it is asked for, and kept for this tab until it turns out to be wrong. */

const KEPT = "punnet.admin-key";
const byId = (id) => document.getElementById(id);
const dialog = byId("ask");
let asked = null;

/** Make the dialog ready. */
export function startKey() {
  byId("ask-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(asked, byId("key").value);
  });
  byId("ask-no").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => (asked = null));
}

/**
 * Ask for the key, then call: `done(data)` gets what the server answers. What is wrong is said in the dialog, which stays
 * open. Every call is confirmed there, also where the key is known.
 */
export function withKey(call) {
  asked = call;
  byId("ask-title").textContent = call.title;
  byId("ask-about").textContent = call.about;
  byId("ask-yes").textContent = call.title;
  byId("key").value = sessionStorage.getItem(KEPT) ?? "";
  wrong("");
  dialog.showModal();
}

/** Call with a key; gives {data} or {error}, and forgets a key that is not right. */
export async function call({ method = "GET", path, body }, key) {
  const headers = { "X-Admin-Key": key, ...(body ? { "Content-Type": "application/json" } : {}) };
  let answer;
  try {
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
    answer = await response.json();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    return { error: { code: "UNAVAILABLE", message: "The server does not answer." } };
  }
  if (["UNAUTHORIZED", "FORBIDDEN"].includes(answer.error?.code)) sessionStorage.removeItem(KEPT);
  return answer;
}

async function attempt(what, key) {
  byId("ask-yes").disabled = true;
  const { data, error } = await call(what, key);
  byId("ask-yes").disabled = false;
  if (what !== asked) return;
  if (error) {
    wrong(error.message);
    byId("key").select();
    return;
  }
  sessionStorage.setItem(KEPT, key);
  dialog.close();
  what.done(data, key);
}

function wrong(sentence) {
  byId("wrong").textContent = sentence;
  byId("wrong").hidden = !sentence;
}
