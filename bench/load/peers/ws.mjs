// The `ws` of Node as a plain broadcast server: what comes in at /herald goes out to everyone else.
// Started in the folder that npm installed `ws` into; prints its address once it listens.

import { createRequire } from "node:module";

const { WebSocket, WebSocketServer } = createRequire(`${process.cwd()}/`)("ws");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 2048, perMessageDeflate: false });

server.on("connection", (socket, request) => {
  if (request.url === "/herald") {
    server.clients.delete(socket);
    socket.on("message", (message, isBinary) => {
      // As the documentation of `ws` has it; a Buffer, so that no text is encoded again for each client.
      server.clients.forEach((client) => {
        if (client.readyState === WebSocket.OPEN) client.send(message, { binary: isBinary });
      });
    });
  }
  socket.send('{"type":"CONNECTION_ACK"}');
});

server.on("listening", () => console.log(`http://127.0.0.1:${server.address().port}`));
