/** The two ways in which a call can fail. */

const STATUS = {
  BAD_INPUT: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  UNKNOWN_ID: 404,
  UNKNOWN_PATH: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_ERROR: 500,
  UNAVAILABLE: 503,
};

/** What may be accepted later as it is: the server is busy, or waits for another token. */
const PASSING = new Set(["TOO_MANY_REQUESTS", "UNAVAILABLE", "INTERNAL_ERROR", "UNAUTHORIZED"]);

/** The server said no: `message` is its sentence, `code` its name for programs, `field` the place in the input. */
export class Refused extends Error {
  name = "Refused";

  constructor(message, { code = "BAD_INPUT", field = null, value = null, allowed = null, retryAfter = 0 } = {}) {
    super(message);
    this.code = code;
    this.status = STATUS[code] ?? 500;
    this.field = field;
    this.value = value;
    this.allowed = allowed;
    this.retryAfter = retryAfter;
  }
}

/** No answer came: the server, or the way to it, is not there. */
export class Unreachable extends Error {
  name = "Unreachable";
  retryAfter = 0;
}

/** What the server says in `error` of an envelope, or of a line in bulk. */
export function refusal({ code, message, details }, retryAfter = 0) {
  return new Refused(message, { code, ...details, retryAfter });
}

/** Whether the same may well be accepted a little later. */
export function mayPass(error) {
  return error instanceof Refused ? PASSING.has(error.code) : true;
}
