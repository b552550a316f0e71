/**
 * What an access token says (RFC 9068 §2.2), and what is asked of it beyond the signature, issuer, audience and times.
 *
 * `sid`, `auth_time` and `ep` come together: a user's token has all three, a service's none. A token with half a session
 * could slip past the feed, so it is refused.
 */

import { Refused } from "./refused.js";

const text = (it) => typeof it === "string" && it !== "";
const second = (it) => Number.isSafeInteger(it);
const epoch = (it) => Number.isSafeInteger(it) && it >= 0;
const texts = (it) => Array.isArray(it) && it.every((each) => typeof each === "string");

/** What has to be there, and what may be. */
const REQUIRED = { sub: text, jti: text, client_id: text, exp: second, iat: second };
const SESSION = { sid: text, auth_time: second, ep: epoch };
const OPTIONAL = { scope: (it) => typeof it === "string", roles: texts, amr: texts, ce: epoch, rv: epoch };

/** The claims, if they are of the right form; `roles` is always there. */
export function accepted(payload) {
  const session = Object.keys(SESSION).some((name) => payload[name] !== undefined) ? SESSION : {};
  const good =
    Object.entries({ ...REQUIRED, ...session }).every(([name, is]) => is(payload[name])) &&
    Object.entries(OPTIONAL).every(([name, is]) => payload[name] === undefined || is(payload[name]));
  if (!good) throw new Refused("token_invalid");
  return { ...payload, roles: payload.roles ?? [] };
}

/** What claims grant. */
export const has = {
  scope: (claims, scope) => (claims.scope ?? "").split(" ").includes(scope),
  role: (claims, role) => claims.roles.includes(role),
};
