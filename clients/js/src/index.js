/** The client of a Punnet server, for browsers and for Node. */

export { Refused, Unreachable } from "./errors.js";
export { Punnet } from "./punnet.js";
