/** Calls that need the admin key: it is asked for, and kept for this tab until it turns out to be wrong. */

import { answered } from "./answered.js";

const KEPT = "punnet.admin-key";
const byId = (id) => document.getElementById(id);
const dialog = byId("ask");
let asked = null;

/** The key that was right before, nothing where none was. */
export const keptKey = () => sessionStorage.getItem(KEPT);

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
 * Ask for the key, then call {method, path, body}: `done(data)` gets what the server answers. What is wrong is said in the
 * dialog, which stays open. Where the key is known the dialog still asks whether it is meant.
 */
export function ask(what) {
  asked = what;
  byId("ask-title").textContent = what.title;
  byId("ask-about").textContent = what.about;
  byId("ask-yes").textContent = what.title;
  byId("key").value = keptKey() ?? "";
  wrong("");
  dialog.showModal();
}

/** Call with a key; gives {data} or {error}, and forgets a key that is not right. */
export async function call({ method = "GET", path, body }, key) {
  // A header holds bytes: letters beyond ASCII go as UTF-8, which is how the server has them.
  const headers = { "X-Admin-Key": String.fromCharCode(...new TextEncoder().encode(key)) };
  if (body) headers["Content-Type"] = "application/json";
  const answer = await answered(path, { method, headers, body: body && JSON.stringify(body) });
  if (isOfKey(answer.error)) sessionStorage.removeItem(KEPT);
  return answer;
}

/** Whether an error says that the key is not right, or that there is none. */
export const isOfKey = (error) => ["UNAUTHORIZED", "FORBIDDEN"].includes(error?.code);

async function attempt(what, key) {
  byId("ask-yes").disabled = true;
  const { data, error } = await call(what, key);
  byId("ask-yes").disabled = false;
  if (!error) sessionStorage.setItem(KEPT, key);
  if (what !== asked) return;
  if (error) {
    wrong(error.message);
    byId("key").select();
    return;
  }
  dialog.close();
  what.done(data);
}

function wrong(sentence) {
  byId("wrong").textContent = sentence;
  byId("wrong").hidden = !sentence;
}
