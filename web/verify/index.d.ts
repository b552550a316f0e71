/** What `createVerifier` takes. */
export interface Options {
  /** The issuer, exactly as in the tokens' `iss`. */
  issuer: string;
  /** Whom the tokens have to be for: `aud` has to name it, or one of them. */
  audience: string | string[];
  /** Where Rotunda answers, if that is not the issuer's address. */
  server?: string;
  /** Where the keys are; `/.well-known/jwks.json` of the server unless said otherwise. */
  jwksUri?: string;
  /** By how many seconds clocks may differ: 0 to 300, with a feed 0 to 120; 60 unless said otherwise. */
  leeway?: number;
  /** Scopes that every token needs. */
  scope?: string | string[];
  /** Roles that every token's user needs. */
  role?: string | string[];
  /** How soon another unknown key id may cause another fetch of the keys; 30,000 unless said otherwise. */
  coolDownMs?: number;
  /** Lets addresses begin with `http:` elsewhere than on this machine. Whoever is on the way can then replace keys. */
  allowHttp?: boolean;
  /** The revocation feed. Without it a token is good until it expires. */
  feed?: FeedOptions;
}

export interface FeedOptions {
  /** From `rotunda client add NAME --kind service --scope revocations.read`. */
  clientId: string;
  /** Shown once by the same command. */
  clientSecret: string;
  /**
   * What happens when the feed is cut: go on with what is known, or refuse every token with 503 when it is older than that;
   * at least 2,000.
   */
  whenStale: "go-on" | { refuseAfterMs: number };
  /**
   * Whether tokens are refused (`token_outdated`, 401) that say other roles or permissions of their user than there are now, as
   * far as the feed has told: a refresh brings one that is right. Otherwise a change counts when the token is refreshed anyway.
   */
  currentRoles?: boolean;
  /** A stream that is followed in the background (the default), or asking when a token is checked, for serverless functions. */
  mode?: "stream" | "poll";
  /** With `poll`: how old the last answer may be before it is asked again; 5,000 unless said otherwise. */
  pollAfterMs?: number;
}

/** What one request asks for; all of it. */
export interface Needs {
  scope?: string | string[];
  role?: string | string[];
}

/** What a good token says. */
export interface Claims {
  iss: string;
  /** The user's id; `client:NAME` for a service. */
  sub: string;
  aud: string | string[];
  /** Seconds since 1970. */
  exp: number;
  /** Seconds since 1970. */
  iat: number;
  nbf?: number;
  /** The token's own id. */
  jti: string;
  /** The client it was issued to. */
  client_id: string;
  /** The user's session; `sid`, `auth_time` and `ep` are all there for a user and all absent for a service. */
  sid?: string;
  auth_time?: number;
  ep?: number;
  amr?: string[];
  /** The names of the user's roles. */
  roles: string[];
  /** How often the user's roles have changed; absent for never. */
  ce?: number;
  /** Of which revision of all roles `roles` and `scope` are; absent for the first. */
  rv?: number;
  /** What the roles permit, or what the service asked for; separated by spaces. */
  scope?: string;
  [other: string]: unknown;
}

/** Why a request does not get through. The list only grows. */
export type Code =
  | "token_missing"
  | "request_malformed"
  | "token_expired"
  | "token_invalid"
  | "session_revoked"
  | "user_revoked"
  | "everyone_revoked"
  | "token_revoked"
  | "key_revoked"
  | "token_outdated"
  | "insufficient_scope"
  | "insufficient_role"
  | "keys_unavailable"
  | "feed_stale";

/** The list, with what each means on the wire. */
export const CODES: Readonly<Record<Code, { status: number; error: string; says: string }>>;

/** The one error that a token or an outage causes. */
export class Refused extends Error {
  private constructor();
  readonly code: Code;
  /** 503 is an outage and nobody's sign-out. */
  readonly status: 400 | 401 | 403 | 503;
  /** The `error` of OAuth. */
  readonly error: "invalid_token" | "invalid_request" | "insufficient_scope" | "temporarily_unavailable";
  /** What a client acts upon, as the server itself says it. */
  readonly reason?: "token_missing" | "token_expired" | "token_unknown" | "token_outdated" | "session_ended";
  /** The scope that was missing. */
  readonly scope?: string;
  /** The role that was missing. */
  readonly role?: string;
  /** The whole answer, with `WWW-Authenticate` as RFC 6750 has it. */
  answer(): { status: number; headers: Record<string, string>; body: string };
}

/** How a verifier is. Times are in milliseconds. */
export interface Health {
  keys: {
    /** How many keys are held. */
    count: number;
    /** When they were last fetched, or found unchanged. */
    ageMs: number | null;
    /** How often they were asked for. */
    fetches: number;
    /** Why the last fetch failed. */
    error: string | null;
  };
  feed: {
    /** Whether the stream is open, or the last poll was answered. */
    connected: boolean;
    /** How old what is known is; `null` before all of it was heard once. */
    stalenessMs: number | null;
    /** How many revocations are held. */
    entries: number;
    /** Why it is not connected. */
    error: string | null;
  } | null;
  /** How many requests were refused, by reason. */
  refused: Record<Code, number>;
}

export interface Verifier {
  /** The claims of a good token; rejects with {@link Refused}, and with nothing else. */
  verify(token: string | null | undefined, needs?: Needs): Promise<Claims>;
  /** The same for the value of an `Authorization` header; several values are several headers, and refused. */
  authorize(authorization: string | string[] | null | undefined, needs?: Needs): Promise<Claims>;
  /** A middleware for Express 4 and 5: claims in `req.auth`, or 400, 401, 403, 503. */
  express(needs?: Needs): (req: any, res: any, next: (error?: unknown) => void) => Promise<void>;
  /** With `mode: "poll"`: asks the feed now. Whether it answered; never rejects. */
  poll(): Promise<boolean>;
  /** Done when there are keys and all of the feed was heard once; rejects with {@link Refused} after that time (10,000). */
  ready(options?: { timeoutMs?: number }): Promise<void>;
  health(): Health;
  /** Ends the stream and every request under way. */
  close(): void;
}

/** A verifier for one issuer. Throws a `TypeError` that says which option is wrong. */
export function createVerifier(options: Options): Verifier;

/** The bearer token in the value of an `Authorization` header. */
export function bearerToken(authorization: string | string[] | null | undefined): string | undefined;

declare global {
  namespace Express {
    interface Request {
      auth?: Claims;
    }
  }
}
