/**
 * Where actions lie until the server has them: a browser's storage, else memory.
 *
 * Each has an entry of its own, so that tabs may share it.
 */

/** The storage of this browser; null where there is none, or where the user forbade it. */
export function storageHere() {
  try {
    return globalThis.window?.localStorage ?? null;
  } catch {
    return null;
  }
}

/** What a Storage is, in memory. */
class Memory {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key(at) {
    return [...this.#items.keys()][at] ?? null;
  }

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}

let latest = 0;

export class Shelf {
  name;
  #storage;

  /** What belongs to the user of a server at `base`. */
  constructor(storage, base, userId) {
    this.name = `punnet.outbox:${[base, userId].map(encodeURIComponent).join(":")}:`;
    this.#storage = storage ?? new Memory();
  }

  /** Keep an action behind all others, and return its key; throws where there is no room. */
  put(action) {
    latest = Math.max(latest + 1, Date.now());
    const key = `${this.name}${String(latest).padStart(15, "0")}-${action.eventId}`;
    this.#storage.setItem(key, JSON.stringify(action));
    return key;
  }

  remove(key) {
    this.#storage.removeItem(key);
  }

  /** All that lies here: [key, action], the oldest first. */
  all() {
    const keys = Array.from({ length: this.#storage.length }, (_, at) => this.#storage.key(at));
    return keys
      .filter((key) => key.startsWith(this.name))
      .sort()
      .map((key) => [key, this.#read(key)])
      .filter(([, action]) => action);
  }

  #read(key) {
    try {
      return JSON.parse(this.#storage.getItem(key));
    } catch {
      this.remove(key);
      return null;
    }
  }
}
