/** One request to the server, with a limit on everything. */

import type { Reply } from "./answer.js";
import { timedOut, type After } from "./clock.js";
import { RotundaError } from "./errors.js";

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly bearer?: string | undefined;
  /** After how many milliseconds to give up. */
  readonly ms: number;
  /** Is told how to give up earlier. */
  readonly stoppable?: (stop: () => void) => void;
  /** Goes on when the page is left. */
  readonly keepalive?: boolean;
}

export interface Way {
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  readonly credentials: RequestCredentials;
  readonly after: After;
  /** Milliseconds, sleep included. */
  readonly now: () => number;
}

/** Asks, and answers with whatever came, whole. */
export async function ask(way: Way, question: Question): Promise<Reply> {
  const { method, path, body, bearer, ms, keepalive = false } = question;
  const init = {
    method,
    credentials: way.credentials,
    cache: "no-store",
    redirect: "error",
    keepalive,
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(bearer && { authorization: `Bearer ${bearer}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  } as const;
  const request = async (signal: AbortSignal): Promise<Reply> => {
    const response = await way.fetch(way.baseUrl + path, { ...init, signal });
    const body = json(await response.text());
    return { status: response.status, body, retryAfter: seconds(response.headers.get("retry-after")) };
  };
  return limited(way, ms, request, question.stoppable);
}

/**
 * Does what can be aborted, for so long and no longer.
 *
 * 1. After `ms` the request is aborted, so that its reply cannot set an old cookie later.
 * 2. What took longer all the same, because this page was asleep, is as good as nothing: what it says may be old.
 */
export async function limited<T>(
  { after, now }: Pick<Way, "after" | "now">,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  stoppable?: (stop: () => void) => void,
): Promise<T> {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  const until = now() + ms;
  const cancel = after(ms, stop);
  stoppable?.(stop);
  try {
    const done = await new Promise<T>((resolve, reject) => {
      // Whoever gave us this `fetch` may not heed the signal.
      abort.signal.onabort = reject;
      work(abort.signal).then(resolve, reject);
    });
    if (now() <= until) return done;
  } catch (cause) {
    if (!abort.signal.aborted && now() <= until) {
      throw new RotundaError("network", "unreachable", { cause });
    }
  } finally {
    cancel();
  }
  throw timedOut();
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` in seconds, an hour at most. A date would need a clock that agrees with the server's. */
function seconds(header: string | null): number | undefined {
  return header && /^\d+$/.test(header) ? Math.min(Number(header), 3600) : undefined;
}
