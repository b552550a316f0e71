/**
 * Following the stream of revocations, until the verifier is closed.
 *
 * 1. Get a service token. 2. Open `/revocations/stream` from the last cursor. 3. Take pages and heartbeats. 4. When the token
 * is about to run out, or our clock has jumped (`freshness.js`), go back to 1 at once. 5. When the stream ends, breaks or falls
 * silent, wait a little and go back to 1; the longer the more often it has failed, from the beginning again once a heartbeat
 * was heard.
 *
 * Nothing that the stream sends ends this; what cannot be understood counts as broken, and shows as staleness.
 */

import { ANSWER_MS, AskError, ask, unreachable } from "../ask.js";
import { dateOf } from "./freshness.js";
import { isHeartbeat, isPage } from "./page.js";
import { from } from "./poll.js";
import { Parser } from "./sse.js";

/** How long a stream may go without a whole event before it counts as dead; the server sends a heartbeat each second. */
const SILENCE_MS = 5_000;
/** The wait doubles from try to try. */
const FIRST_WAIT_MS = 200;
const MOST_WAIT_MS = 10_000;

const RENEW = Symbol("the token is about to run out");

export class Follower {
  #reader;
  #tries = 0;

  /** @param reader who follows: `{ streamUrl, token, feed, clock, closed }` */
  constructor(reader) {
    this.#reader = reader;
  }

  /** Begins; never throws. */
  async start() {
    const { feed, closed } = this.#reader;
    while (!closed.aborted) {
      try {
        await this.#oneStream();
      } catch (error) {
        feed.disconnected(error);
        await pause(this.#nextWaitMs(), closed);
      }
    }
  }

  /** Between half and all of it, by chance, so that not all services of a restarted server come back in the same moment. */
  #nextWaitMs() {
    const whole = Math.min(FIRST_WAIT_MS * 2 ** this.#tries, MOST_WAIT_MS);
    this.#tries += 1;
    return whole * (0.5 + Math.random() / 2);
  }

  /** One stream, from its opening to its end; comes back without an error when it is only to be opened again. */
  async #oneStream() {
    const { token, feed, clock, closed } = this.#reader;
    const { bearer, renewAt } = await token.get(closed);
    const url = from(this.#reader.streamUrl, feed.cursor);
    const stop = new AbortController();
    const after = (ms, reason) => setTimeout(() => stop.abort(reason), ms).unref();
    const renewal = after(Math.max(renewAt - clock.elapsed(), 0), RENEW);
    let patience = after(ANSWER_MS, new AskError(url, `did not answer within ${ANSWER_MS} ms`));
    try {
      const headers = { authorization: bearer, accept: "text/event-stream", "cache-control": "no-store" };
      const response = await ask(url, { headers, signal: AbortSignal.any([stop.signal, closed]) });
      clearTimeout(patience);
      patience = after(SILENCE_MS, new AskError(url, `sent no event for ${SILENCE_MS} ms, not even a heartbeat`));
      await this.#read(url, response, patience);
    } catch (error) {
      const renewed = stop.signal.reason === RENEW;
      // A timer may fire a moment early, when the token would still be given out.
      if (renewed || [401, 403].includes(error.status)) token.forget();
      if (renewed) return;
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      clearTimeout(renewal);
      clearTimeout(patience);
      // An answer that was not read to its end would stay open.
      stop.abort();
    }
  }

  async #read(url, response, silence) {
    if (!/^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) throw notAStream(url);
    const { feed, clock } = this.#reader;
    feed.connected();
    const { jumps } = clock;
    const parser = new Parser();
    let date = dateOf(response);
    for await (const piece of pieces(url, response)) {
      clock.elapsed();
      // What comes now may have waited for as long as this process was frozen; it comes again, with a `Date`.
      if (clock.jumps !== jumps) return;
      for (const event of parsed(url, parser, piece)) {
        // Comments are no sign of life: a proxy sends them, too.
        silence.refresh();
        this.#take(url, event, date);
        // The answer's `Date` is the time of its first event only.
        date = NaN;
      }
    }
    throw new AskError(url, "ended the stream");
  }

  #take(url, { name, data }, date) {
    const { feed, token } = this.#reader;
    if (name === "revocations") {
      const page = parsedJson(data);
      if (!isPage(page)) throw notAStream(url);
      feed.take(url, page, date);
    } else if (name === "heartbeat") {
      const heartbeat = parsedJson(data);
      if (!isHeartbeat(heartbeat)) throw notAStream(url);
      feed.hear(heartbeat.as_of, NaN);
      // Whatever came before it has arrived.
      feed.cursor = heartbeat.cursor;
      feed.arrived();
      this.#tries = 0;
    } else if (name === "end") {
      const reason = String(parsedJson(data)?.reason);
      if (reason.startsWith("token_")) token.forget();
      throw new AskError(url, `ended the stream: ${/^[a-z_]{1,40}$/.test(reason) ? reason : "unknown"}`);
    }
  }
}

async function* pieces(url, response) {
  try {
    yield* response.body;
  } catch (error) {
    throw unreachable(url, error);
  }
}

function parsed(url, parser, piece) {
  try {
    return parser.push(piece);
  } catch (error) {
    throw new AskError(url, `sends what cannot be read: ${error.message}`);
  }
}

function parsedJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notAStream(url) {
  return new AskError(url, "answers with something else than a stream of revocations");
}

/** Waits, and keeps no process alive; less when it is closed meanwhile. */
function pause(ms, closed) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      closed.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    closed.addEventListener("abort", done, { once: true });
  });
}
