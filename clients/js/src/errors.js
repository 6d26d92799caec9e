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

/** Whether the server only says that it cannot do it now. */
export function isBusy({ code }) {
  return ["TOO_MANY_REQUESTS", "UNAVAILABLE", "INTERNAL_ERROR"].includes(code);
}

/** Whether the server does not take the token that it was shown. */
export function isUnauthorized(error) {
  return error instanceof Refused && error.code === "UNAUTHORIZED";
}

/** Whether the same may be accepted a little later: when the server is there, and free, or is shown another token. */
export function mayPass(error) {
  return !(error instanceof Refused) || isBusy(error) || isUnauthorized(error);
}
