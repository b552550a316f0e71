/** Waiting for what is so, and giving up on what does not come. */

import { setTimeout as pause } from "node:timers/promises";

/** What a busy machine may take for anything, in milliseconds. Nobody waits as long where all is well. */
export const PATIENCE = 60_000;

/** Looks every 50 ms until `condition` answers something true, and answers that. Throws after `within` milliseconds. */
export async function until(what, condition, within = PATIENCE) {
  const end = performance.now() + within;
  let last;
  for (;;) {
    try {
      const found = await inTime(condition(), Math.max(1, end - performance.now()), what);
      if (found) return found;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) throw new Error(`${what}: not within ${within} ms`, { cause: last });
    await pause(50);
  }
}

/** The promise's value, or an error when it has not settled within that many milliseconds. */
export async function inTime(promise, within, what) {
  const over = new AbortController();
  const late = pause(within, undefined, { signal: over.signal }).then(
    () => { throw new Error(`${what}: no answer within ${Math.round(within)} ms`); },
    () => undefined,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}
