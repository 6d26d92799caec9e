/** A stream's line over a WebSocket. */

export const WEBSOCKET = "websocket";

/** Open it. A line takes text with `send`, and ends with `close`. It calls `heard(text)`, and `ended({ code })`. */
export function openSocket(address, { heard, ended }) {
  const secured = new URL(address);
  secured.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(secured);
  socket.addEventListener("message", ({ data }) => heard(data));
  socket.addEventListener("close", ({ code }) => ended({ code }));
  return { send: (text) => socket.send(text), close: () => socket.close() };
}
