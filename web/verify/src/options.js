/** What `createVerifier` takes, checked once: whatever is wrong is said at the start, not at the first request. */

const FEED_MODES = ["stream", "poll"];
/** The server sends a heartbeat each second, and tells its time in whole ones. */
const LEAST_REFUSE_MS = 2_000;
/** More would be another way to say "expired tokens are fine". */
const MOST_LEEWAY_SECONDS = 300;
/** The server keeps entries for so long beyond the longest token: with more, a token would outlive its own. */
const MOST_LEEWAY_SECONDS_WITH_FEED = 120;

/** The options with everything filled in; throws a `TypeError` that says what to change. */
export function checked(options) {
  const given = options ?? {};
  const issuer = text("issuer", given.issuer);
  const server = given.server ?? issuer;
  const leeway = given.leeway ?? 60;
  if (!(leeway >= 0 && leeway <= MOST_LEEWAY_SECONDS)) {
    throw new TypeError(`leeway is ${leeway}; it is in seconds, between 0 and ${MOST_LEEWAY_SECONDS}`);
  }
  if (given.feed && leeway > MOST_LEEWAY_SECONDS_WITH_FEED) {
    throw new TypeError(
      `leeway is ${leeway}; with a feed it is ${MOST_LEEWAY_SECONDS_WITH_FEED} at most, since the server forgets revocations then`,
    );
  }
  const at = (path) => address("server", path === "" ? server : `${String(server).replace(/\/$/, "")}${path}`, given.allowHttp);
  const audience = [given.audience ?? []].flat().map((one) => text("audience", one));
  if (audience.length === 0) throw new TypeError("audience is missing: whom the tokens have to be for, usually this service");
  return {
    issuer,
    audience,
    jwksUri: given.jwksUri ? address("jwksUri", given.jwksUri, given.allowHttp) : at("/.well-known/jwks.json"),
    leewayMs: leeway * 1000,
    coolDownMs: positive("coolDownMs", given.coolDownMs ?? 30_000),
    scope: [given.scope ?? []].flat(),
    role: [given.role ?? []].flat(),
    feed: given.feed ? feed(given.feed, at) : undefined,
  };
}

function feed(given, at) {
  const { mode = "stream", whenStale, currentRoles = false } = given;
  if (typeof currentRoles !== "boolean") throw new TypeError(`feed.currentRoles is ${currentRoles}; it is true or false`);
  if (!FEED_MODES.includes(mode)) throw new TypeError(`feed.mode is ${mode}; it is "stream" or "poll"`);
  const pollAfterMs = positive("feed.pollAfterMs", given.pollAfterMs ?? 5_000);
  const refuseAfterMs = whenStale === "go-on" ? Infinity : whenStale?.refuseAfterMs;
  if (!(refuseAfterMs >= LEAST_REFUSE_MS)) {
    throw new TypeError(
      `feed.whenStale says what happens when the feed is cut: "go-on", or { refuseAfterMs: ${LEAST_REFUSE_MS} or more }`,
    );
  }
  if (mode === "poll" && refuseAfterMs < pollAfterMs) {
    throw new TypeError("feed.whenStale.refuseAfterMs is less than feed.pollAfterMs: every other request would be refused");
  }
  return {
    mode, pollAfterMs, refuseAfterMs, currentRoles,
    clientId: text("feed.clientId", given.clientId),
    clientSecret: text("feed.clientSecret", given.clientSecret),
    tokenUrl: at("/oauth/token"),
    pollUrl: at("/revocations"),
    streamUrl: at("/revocations/stream"),
  };
}

function text(name, value) {
  if (typeof value !== "string" || value === "") throw new TypeError(`${name} is missing`);
  return value;
}

function positive(name, value) {
  if (!(Number.isFinite(value) && value > 0)) throw new TypeError(`${name} is ${value}; it is a number above 0`);
  return value;
}

/** Keys that travel in the clear can be replaced on the way. */
function address(name, value, allowHttp) {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(url?.hostname) || url?.hostname.endsWith(".localhost");
  if (url?.protocol === "https:" || (url?.protocol === "http:" && (local || allowHttp === true))) return url;
  throw new TypeError(`${name} is ${value}; it is an https address (http only on this machine, or with allowHttp: true)`);
}
