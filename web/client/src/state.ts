/** What an application is told, and when. */

import type { User } from "./answer.js";
import type { ClientCode } from "./errors.js";
import type { Ending, ErrorCode, Reason } from "./reasons.js";

/**
 * - `unknown`: nobody has asked yet, or the answer is on its way.
 * - `signed-in`: the last answer said so.
 * - `signed-out`: an answer said so, or nothing is stored. `reason` says why the session ended, where it is known.
 * - `degraded`: whoever was signed in still is, as far as anybody knows; the server cannot be asked. It is asked again.
 */
export interface State {
  readonly status: "unknown" | "signed-in" | "signed-out" | "degraded";
  /** Whoever is signed in, as far as is known. */
  readonly user: User | null;
  readonly reason?: Reason | Ending | ErrorCode | ClientCode;
}

export type Listener = (state: State) => void;

/** The state, and those who want to hear of it. */
export class Stated {
  /** The same object until something changes. */
  state: State = { status: "unknown", user: null };
  #listeners = new Set<Listener>();

  set(next: State): void {
    if (JSON.stringify(next) === JSON.stringify(this.state)) return;
    this.state = next;
    // Not here and now: whoever hears it may call anything, and this may be in the middle of something.
    for (const listener of this.#listeners) queueMicrotask(() => this.#tell(listener, next));
  }

  #tell(listener: Listener, state: State): void {
    try {
      if (this.#listeners.has(listener)) listener(state);
    } catch (error) {
      // Nobody's but the application's. Node has no `reportError`, and would end.
      (globalThis.reportError ?? console.error)(error);
    }
  }

  onChange(listener: Listener): () => void {
    // The same function may be given twice, and taken back once.
    const mine: Listener = (state) => listener(state);
    this.#listeners.add(mine);
    return () => this.#listeners.delete(mine);
  }
}
