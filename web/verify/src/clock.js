/**
 * Durations, without trusting the time of day.
 *
 * 1. A monotonic clock counts; whoever sets the time of day changes nothing.
 * 2. But it stands still while a serverless function is frozen. So when the time of day has moved ahead by more than a
 *    second, that counts as time that has passed. At worst something is fetched early.
 * 3. Somebody may just have set it, though. `jumps` tells whoever counts another's time that it has to be asked for again.
 */

const NOTABLE_MS = 1000;

/** Milliseconds since some moment. */
export class Clock {
  #monotonic;
  #wall;
  #apart;
  #frozen = 0;
  /** How often time has moved ahead that the monotonic clock did not count, as of the last `elapsed()`. */
  jumps = 0;

  constructor(monotonic = () => performance.now(), wall = () => Date.now()) {
    this.#monotonic = monotonic;
    this.#wall = wall;
    this.#apart = wall() - monotonic();
  }

  /** Never goes back. */
  elapsed() {
    const monotonic = this.#monotonic();
    const ahead = this.#wall() - monotonic - this.#apart;
    if (Math.abs(ahead) > NOTABLE_MS) {
      this.#apart += ahead;
      this.#frozen += Math.max(ahead, 0);
      if (ahead > 0) this.jumps += 1;
    }
    return monotonic + this.#frozen;
  }
}
