/** A stream's line over a WebSocket. */

import { Refused } from "./errors.js";

export const WEBSOCKET = "websocket";

const EXPIRED = 4401;

/**
 * Open it. A line takes text with `send`, and ends with `close`. It calls `heard(text)`, and `ended({ code, error })`,
 * where `error` is what the server says of the token.
 */
export function openSocket(address, { heard, ended }) {
  const secured = new URL(address);
  secured.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(secured);
  socket.addEventListener("message", ({ data }) => heard(data));
  socket.addEventListener("close", ({ code, reason }) => ended({ code, error: refusalOf(code, reason) }));
  return { send: (text) => socket.send(text), close: () => socket.close() };
}

function refusalOf(code, reason) {
  if (code !== EXPIRED) return undefined;
  const sentence = reason || "The token has expired.";
  return new Refused(sentence, { code: "UNAUTHORIZED", field: "token", allowed: "a token that is valid" });
}
