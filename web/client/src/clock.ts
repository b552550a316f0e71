/**
 * How much time has passed, without trusting the time of day.
 *
 * 1. A monotonic clock counts; whoever sets the time of day changes nothing.
 * 2. But it may stand still while the device sleeps. So when the time of day has moved ahead by more than a second, that
 *    counts as time that has passed. At worst a token is taken for older than it is, and refreshed early.
 */

import { RotundaError } from "./errors.js";

const NOTABLE_MS = 1000;

/** A clock: milliseconds since some moment, which never go back. */
export function clock(monotonic: () => number = () => performance.now(), wall: () => number = Date.now): () => number {
  let apart = wall() - monotonic();
  let slept = 0;
  return () => {
    const now = monotonic();
    const ahead = wall() - now - apart;
    if (Math.abs(ahead) > NOTABLE_MS) {
      apart += ahead;
      slept += Math.max(ahead, 0);
    }
    return now + slept;
  };
}

/** Calls `then` after some milliseconds; returns how to call it off. */
export type After = (ms: number, then: () => void) => () => void;

/** The longest that timers can wait. */
const LONGEST_MS = 2 ** 31 - 1;

export const after: After = (ms, then) => {
  const timer = setTimeout(then, Math.min(ms, LONGEST_MS));
  return () => clearTimeout(timer);
};

/** What comes of `work`, or a timeout once `ms` have passed. */
export function within<T>(ms: number, after: After, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = after(ms, () => reject(timedOut()));
    work.finally(cancel).then(resolve, reject);
  });
}

export function timedOut(): RotundaError {
  return new RotundaError("timeout", "timed_out");
}
