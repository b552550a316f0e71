/**
 * Asking the issuer, with limits on everything. Redirects are not followed: keys and secrets go where the operator said,
 * and nowhere else.
 */

/** Until a whole answer is there, or the head of a stream. */
export const ANSWER_MS = 10_000;

/** Why the issuer gave no usable answer. No secret is in the text. */
export class AskError extends Error {
  constructor(url, says, { status, cause } = {}) {
    super(`${url} ${says}`, { cause });
    this.name = "AskError";
    /** The status of the answer, if that is what was wrong with it. */
    this.status = status;
  }
}

/**
 * Asks, and answers with the response once its head is there; any status in `statuses` is fine.
 *
 * @param {URL} url
 * @param {RequestInit & { signal: AbortSignal }} init
 */
export async function ask(url, init, statuses = [200]) {
  let response;
  try {
    response = await fetch(url, { ...init, redirect: "manual" });
  } catch (error) {
    throw unreachable(url, error);
  }
  if (!statuses.includes(response.status)) {
    await response.body?.cancel().catch(() => {});
    const { status } = response;
    throw new AskError(url, `answers ${status}${hint(status)}`, { status });
  }
  return response;
}

/** What to do about it. */
function hint(status) {
  if (status >= 300 && status < 400) return "; a redirect is not followed, so configure the final address";
  return status === 401 ? "; look at the client's id and secret" : "";
}

/** The body as JSON, if it is not longer than `most` bytes. */
export async function json(url, response, most) {
  const pieces = [];
  let length = 0;
  try {
    for await (const piece of response.body ?? []) {
      length += piece.length;
      // Leaving the loop ends the connection.
      if (length > most) throw new AskError(url, `answers with more than ${most} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    throw error instanceof AskError ? error : unreachable(url, error);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces)));
  } catch {
    throw new AskError(url, "answers with something else than JSON");
  }
}

/** The failure of the client, in one line. */
export function unreachable(url, error) {
  const causes = [];
  for (let it = error; it instanceof Error && causes.length < 4; it = it.cause) causes.push(it.code ?? it.message);
  return new AskError(url, `cannot be asked: ${causes.join(": ")}`);
}

/** A signal that fires after `ms`, or with `closed`. */
export function within(ms, closed) {
  return AbortSignal.any([AbortSignal.timeout(ms), closed]);
}
