/**
 * What was revoked and may still be alive, but for keys (`revoked-keys.js`), and what is outdated: looked up for each request.
 *
 * A user's epochs and the revision of the roles are numbers that only grow, and an entry names the first one that counts. A
 * token that does not say a number was made before there was any: that is 0.
 */

/** The most entries that are kept. */
export const MOST_ENTRIES = 1_000_000;

/** Revocations by what they name. */
export class Revoked {
  /** Each with its `exp` in seconds since 1970. */
  #sessions = new Map();
  #tokens = new Map();
  /** Each with the first epoch that counts, and its `exp`. */
  #users = new Map();
  /** Everyone with a session of a lower revision. */
  #everyone = new Map();
  /** Outdated, by user with the first claims epoch that counts, and by role with the first revision. */
  #claims = new Map();
  #roles = new Map();

  /** Adds entries; of two for the same, the stricter and the longer counts. Kinds that are younger than this code are skipped. */
  add(entries) {
    for (const { type, sid, sub, ep, jti, ce, role, rv, exp } of entries) {
      if (type === "session") keep(this.#sessions, sid, exp);
      else if (type === "token") keep(this.#tokens, jti, exp);
      else if (type === "user") keepFirst(this.#users, sub, ep, exp);
      else if (type === "everyone") keepFirst(this.#everyone, "", rv, exp);
      else if (type === "claims") keepFirst(this.#claims, sub, ce, exp);
      else if (type === "role") keepFirst(this.#roles, role, rv, exp);
    }
  }

  /** The code of what refuses a token of these claims, if anything does. */
  refuses({ sid, sub, ep, jti, rv = 0 }) {
    if (sid !== undefined && this.#sessions.has(sid)) return "session_revoked";
    if (sid !== undefined && ep < this.#users.get(sub)?.first) return "user_revoked";
    if (sid !== undefined && rv < this.#everyone.get("")?.first) return "everyone_revoked";
    return this.#tokens.has(jti) ? "token_revoked" : undefined;
  }

  /** Whether a user's token says other roles or permissions than there are now. */
  outdates({ sid, sub, roles, ce = 0, rv = 0 }) {
    if (sid === undefined) return false;
    return ce < this.#claims.get(sub)?.first || roles.some((role) => rv < this.#roles.get(role)?.first);
  }

  /** Forgets what expired before that second. */
  purge(before) {
    for (const exps of [this.#sessions, this.#tokens]) {
      for (const [id, exp] of exps) if (exp < before) exps.delete(id);
    }
    for (const firsts of this.#firsts()) {
      for (const [id, { exp }] of firsts) if (exp < before) firsts.delete(id);
    }
  }

  /** How many entries there are. */
  get size() {
    return [this.#sessions, this.#tokens, ...this.#firsts()].reduce((sum, { size }) => sum + size, 0);
  }

  #firsts() {
    return [this.#users, this.#everyone, this.#claims, this.#roles];
  }
}

function keep(exps, id, exp) {
  exps.set(id, Math.max(exps.get(id) ?? exp, exp));
}

function keepFirst(firsts, id, first, exp) {
  const known = firsts.get(id) ?? { first, exp };
  firsts.set(id, { first: Math.max(known.first, first), exp: Math.max(known.exp, exp) });
}
