/** How long to wait before another try. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fullJitter } from "../src/backoff.js";

const PACE = { first: 500, longest: 15_000 };

test("the ceiling doubles with each try, up to the longest wait", () => {
  const ceilings = Array.from({ length: 8 }, (_, tries) => fullJitter(tries, PACE, () => 1));
  assert.deepEqual(ceilings, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  assert.equal(fullJitter(5_000, PACE, () => 1), 15_000);
});

test("the wait is anything from nothing to the ceiling", () => {
  assert.equal(fullJitter(3, PACE, () => 0), 0);
  assert.equal(fullJitter(3, PACE, () => 0.25), 1000);
  const waits = Array.from({ length: 4000 }, () => fullJitter(0, PACE));
  for (const quarter of [0, 1, 2, 3]) {
    const share = waits.filter((wait) => Math.floor(wait / 125) === quarter).length;
    assert.ok(share > 800 && share < 1200, `${share} of 4000 in quarter ${quarter}`);
  }
});
