/**
 * One at a time: in this page, and across tabs where there are Web Locks.
 *
 * Refreshing is correct without; the lock saves requests, and keeps the late reply of a refresh from overwriting the cookie
 * of a new sign-in. So it is never waited for longer than a moment, and nothing stops when it is absent, blocked or stolen.
 */

import type { After } from "./clock.js";

/** What is used of `navigator.locks`. */
export interface Locks {
  request<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** Runs `work` once: when the lock is ours, or when `ms` have passed, or when there is none. */
export function exclusive<T>(locks: Locks, name: string, ms: number, after: After, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let begun: Promise<T> | undefined;
    // However often it is called. A lock that comes too late is let go as soon as the work is done.
    const begin = (): Promise<unknown> => {
      cancel();
      begun ??= work();
      begun.then(resolve, reject);
      return begun.catch(() => undefined);
    };
    const cancel = after(ms, begin);
    Promise.resolve()
      .then(() => locks.request(name, begin))
      .catch(begin);
  });
}

/** In line within this page; for where there are no Web Locks. */
export function line(): Locks {
  let last: Promise<any> = Promise.resolve();
  return { request: (_name, work) => (last = last.then(work, work)) };
}
