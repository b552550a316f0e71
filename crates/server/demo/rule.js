/**
 * Which rule an answer shows. The server does not name it; it follows from what was sent, what came back, and the tokens
 * that were seen before. Of two requests that were under way at once, the one whose answer comes first counts as the one
 * that rotated: from outside they cannot be told apart, because both bring the same token.
 */

const REFUSED = { token_reused: "reuse", session_ended: "ended", token_stale: "stale" };

/**
 * @param sent `{ verb, generation }`
 * @param reply `{ status, body }`
 * @param tokens the tokens seen so far, by generation
 * @param inside whether the window is open
 * @returns `{ rule, status, reason, ended, generation }`
 */
export function ruleOf(sent, { status, body }, tokens, inside) {
  if (status === 202) return { rule: "letter", status };
  if (!body.session) return { rule: refused(status, body), status, reason: body.reason ?? body.error, ended: body.ended };
  const generation = body.session.generation;
  return { rule: granted(sent, generation, tokens[generation], body.refresh_token, inside), status, generation };
}

function refused(status, body) {
  if (status === 0 || status === 429 || status >= 500) return "away";
  return REFUSED[body.reason] ?? "refused";
}

function granted(sent, generation, seen, token, inside) {
  if (sent.verb !== "refresh") return "sign_in";
  // Two tokens of one generation would be two branches of one session. It does not happen; if it does, it is shown.
  if (seen !== undefined && seen !== token) return "another";
  if (generation === sent.generation) return "debounce";
  if (seen === undefined) return "rotate";
  if (generation > sent.generation + 1) return "in_flight";
  return inside ? "replay" : "late_retry";
}
