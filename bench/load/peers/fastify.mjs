// Fastify with one answer, which is always the same. Takes the file of the answer, and what of it a handler
// returns: the `object` that Fastify then writes as JSON, as its users have it, or the `bytes` as they are.
// Started in the folder that npm installed `fastify` into; prints its address once it listens.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const fastify = createRequire(`${process.cwd()}/`)("fastify");
const [file, kind] = process.argv.slice(2);
const bytes = readFileSync(file);
const answer = kind === "object" ? JSON.parse(bytes) : bytes;

const app = fastify();

app.get("/api/recommendations", (request, reply) => {
  reply.header("cache-control", "private, max-age=60").type("application/json").send(answer);
});

await app.listen({ host: "127.0.0.1", port: 0 });
console.log(`http://127.0.0.1:${app.server.address().port}`);
