/**
 * How old what the feed said is, without comparing this machine's clock with the server's.
 *
 * 1. Each message says `as_of`: when the server last read its store, by the server's clock. It stalls when the server cannot
 *    read its store, although heartbeats go on.
 * 2. What time it is by the server's clock is told by the `Date` header of an answer (RFC 9110 §6.6.1), and from then on
 *    counted with a clock of our own that only measures durations.
 * 3. Staleness is that time less the newest `as_of`.
 * 4. `Date` is in whole seconds, and servers set their clocks. An `as_of` beyond the time that was worked out, or before the
 *    one that came last, shows that this has happened: then the time is counted from that `as_of`.
 * 5. So it is when our own clock has jumped since: either this process was frozen, or somebody has set the time of day, and
 *    the server's time is not carried across that. What was heard before counts as old until the next word; a stream is
 *    opened again for that, since its answer has a `Date`.
 */

export class Freshness {
  /** @type {{ asOf: number, server: number, at: number, jumps: number } | undefined} */
  #heard;

  /**
   * Takes an `as_of`, and the `Date` of the answer where one begins; all in milliseconds, `now` of our own clock, which has
   * made that many jumps.
   */
  hear(asOf, date, now, jumps = 0) {
    const before = this.#heard;
    let server = asOf;
    if (Number.isFinite(date)) server = Math.max(date, asOf);
    else if (before && asOf >= before.asOf && jumps === before.jumps) server = Math.max(this.#server(now), asOf);
    this.#heard = { asOf, server, at: now, jumps };
  }

  /** Nothing has changed up to the moment of this answer. */
  confirm(date, now, jumps = 0) {
    if (!this.#heard) return;
    const server = Number.isFinite(date) ? date : this.#server(now);
    this.#heard = { asOf: server, server, at: now, jumps };
  }

  /** How stale it is by now, in milliseconds; infinitely if nothing was ever heard. */
  stalenessMs(now) {
    return this.#heard ? Math.max(this.#server(now) - this.#heard.asOf, 0) : Infinity;
  }

  #server(now) {
    return this.#heard.server + Math.max(now - this.#heard.at, 0);
  }
}

/** The `Date` of an answer in milliseconds since 1970; `NaN` without. */
export function dateOf(response) {
  return Date.parse(response.headers.get("date") ?? "");
}
