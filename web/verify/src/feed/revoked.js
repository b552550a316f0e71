/** What was revoked and may still be alive, but for keys (`revoked-keys.js`): looked up for each request. */

/** The most entries that are kept. */
export const MOST_ENTRIES = 1_000_000;

/** Revocations by what they name. */
export class Revoked {
  /** Each with its `exp` in seconds since 1970. */
  #sessions = new Map();
  #tokens = new Map();
  /** Each with the first epoch that counts, and its `exp`. */
  #users = new Map();

  /** Adds entries; of two for the same, the stricter and the longer counts. Kinds that are younger than this code are skipped. */
  add(entries) {
    for (const { type, sid, sub, ep, jti, exp } of entries) {
      if (type === "session") keep(this.#sessions, sid, exp);
      else if (type === "token") keep(this.#tokens, jti, exp);
      else if (type === "user") {
        const known = this.#users.get(sub) ?? { ep, exp };
        this.#users.set(sub, { ep: Math.max(known.ep, ep), exp: Math.max(known.exp, exp) });
      }
    }
  }

  /** The code of what refuses a token of these claims, if anything does. */
  refuses({ sid, sub, ep, jti }) {
    if (sid !== undefined && this.#sessions.has(sid)) return "session_revoked";
    if (sid !== undefined && ep < this.#users.get(sub)?.ep) return "user_revoked";
    return this.#tokens.has(jti) ? "token_revoked" : undefined;
  }

  /** Forgets what expired before that second. */
  purge(before) {
    for (const exps of [this.#sessions, this.#tokens]) {
      for (const [id, exp] of exps) if (exp < before) exps.delete(id);
    }
    for (const [sub, { exp }] of this.#users) if (exp < before) this.#users.delete(sub);
  }

  /** How many entries there are. */
  get size() {
    return this.#sessions.size + this.#tokens.size + this.#users.size;
  }
}

function keep(exps, id, exp) {
  exps.set(id, Math.max(exps.get(id) ?? exp, exp));
}
