/**
 * The `Authorization` header (RFC 6750 §2.1), the only place where a token is looked for: addresses end up in logs and
 * histories, and a form's body belongs to the application.
 */

import { Refused } from "./refused.js";

/**
 * The bearer token in the value of the header; `undefined` if there is none. The scheme's case does not matter (RFC 9110
 * §11.1). Another scheme is somebody else's, such as that of a proxy in front, and counts as no token.
 *
 * @param {string | string[] | null | undefined} authorization several values are several headers, of which all cannot be meant
 */
export function bearerToken(authorization) {
  const values = [authorization ?? []].flat();
  if (values.length > 1) throw new Refused("request_malformed");
  if (values.length === 0) return undefined;
  const value = values[0].trim();
  const scheme = value.split(" ", 1)[0];
  if (scheme.toLowerCase() !== "bearer") return undefined;
  const token = value.slice(scheme.length).trim();
  if (token === "") throw new Refused("request_malformed");
  return token;
}
