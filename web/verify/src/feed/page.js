/**
 * What the feed says, as JSON: the same object from `/revocations` and in each `revocations` event.
 *
 * A known kind of entry that lacks something is an error of the whole page: to skip it would be to accept what was revoked.
 */

/** The longest id or cursor that is kept, in characters. */
const MOST_ID_LENGTH = 256;

const id = (it) => typeof it === "string" && it.length <= MOST_ID_LENGTH;
const number = (it) => Number.isSafeInteger(it);
const counter = (it) => number(it) && it >= 0;
/** It travels in an address, and quoted in a header. */
const cursor = (it) => id(it) && /^[\x21\x23-\x7e]+$/.test(it);

const ENTRIES = {
  session: ({ sid, exp }) => id(sid) && number(exp),
  user: ({ sub, ep, exp }) => id(sub) && number(ep) && number(exp),
  token: ({ jti, exp }) => id(jti) && number(exp),
  key: ({ kid, exp }) => id(kid) && number(exp),
  everyone: ({ rv, exp }) => counter(rv) && number(exp),
  claims: ({ sub, ce, exp }) => id(sub) && counter(ce) && number(exp),
  role: ({ role, rv, exp }) => id(role) && counter(rv) && number(exp),
};
const entry = (it) => typeof it?.type === "string" && (!Object.hasOwn(ENTRIES, it.type) || ENTRIES[it.type](it));

/** Whether this is a page. */
export function isPage(it) {
  return (
    cursor(it?.cursor) && typeof it.full === "boolean" && number(it.as_of) && Array.isArray(it.entries) && it.entries.every(entry)
  );
}

/** Whether this is a sign of life. */
export function isHeartbeat(it) {
  return cursor(it?.cursor) && number(it.as_of);
}
