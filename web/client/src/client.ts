/** What applications call. */

import type { Session, User } from "./answer.js";
import { channel } from "./channel.js";
import { after, clock } from "./clock.js";
import type { RotundaError } from "./errors.js";
import { authorized, originOf } from "./fetch.js";
import { line, type Locks } from "./lock.js";
import { liveSession, type LiveSession, type World } from "./session.js";
import type { Listener, State } from "./state.js";
import { indexed, native, type Storage } from "./storage.js";
import { wake } from "./wake.js";

interface Common {
  /** One of the configured clients. `web` or `native`, after the mode, unless given. */
  clientId?: string;
  /** The origins whose requests get the access token, beside `baseUrl`. The page's own unless given. */
  apis?: readonly string[];
  /** After how many milliseconds `fetch` gives up on the head of an answer. 30,000 unless given; `Infinity`: never. */
  timeoutMs?: number;
  /** Whether to refresh without being asked, by the clock and on waking up. Unless given: on pages. */
  background?: boolean;
  /** Another `fetch`. */
  fetch?: typeof fetch;
}

/** On a page: tokens in cookies that no script can read. */
export interface WebOptions extends Common {
  /** Where Rotunda is: its `public_url`. The page's own origin unless given. */
  baseUrl?: string;
  mode?: "web";
}

/** In an app or on a server: tokens in `storage`. */
export interface NativeOptions extends Common {
  /** Where Rotunda is: its `public_url`. */
  baseUrl: string;
  mode: "native";
  storage: Storage;
  /** For a server that signs its users in: the secret of its confidential client. Never in an app. */
  clientSecret?: string;
}

export type Options = WebOptions | NativeOptions;

export interface Credentials {
  /** The address, or `username`. */
  email?: string;
  username?: string;
  password: string;
  /** `false`: for a day at most, and until the browser is closed. */
  remember?: boolean;
}

export interface Newcomer {
  email: string;
  password: string;
  username?: string;
  name?: string;
}

/** Every call settles, in seconds; what goes wrong is a {@link RotundaError}. Nothing here needs `this`. */
export interface Client {
  /** The state now: the same object until it changes. */
  readonly state: State;
  /** Calls `listener` after each change; returns how to stop that. */
  onChange(listener: Listener): () => void;
  /** The state, once it is no longer `unknown`. */
  ready(): Promise<State>;
  /** Makes an account. `null`: a letter is on its way, and the address has to be verified first. */
  register(newcomer: Newcomer): Promise<User | null>;
  login(credentials: Credentials): Promise<User>;
  /** Ends this session, in all tabs. Rejects where the server cannot be told: then the session still stands. */
  logout(): Promise<void>;
  /** Ends all sessions of the user. */
  logoutEverywhere(): Promise<void>;
  /** Asks who is signed in. What is known without asking is in `state.user`. */
  user(): Promise<User>;
  /** The user's devices, the latest used first. */
  sessions(): Promise<Session[]>;
  /** Ends one of them. */
  endSession(id: string): Promise<void>;
  /** Changes the password; all other sessions end. */
  changePassword(current: string, next: string): Promise<User>;
  /** Shows the password again, for what the server asks that for (`reauthentication_needed`). */
  reauthenticate(password: string): Promise<User>;
  /** `fetch` with the access token, for the allowed origins. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** The access token; `null` if nobody is signed in. `refused`: one that an API did not take, so that another is needed. */
  token(options?: { refused?: string }): Promise<string | null>;
  /** Whether requests to this address get the access token. */
  covers(url: string): boolean;
  /** Stops timers and listeners. A later call starts them again. */
  dispose(): void;
}

/** A session for each key, however often a client is created: React creates twice. */
const sessions = new WeakMap<object, Map<string, { session: LiveSession; users: number }>>();
const EVERYWHERE = {};

/** A client. Two that are made alike share their session. */
export function createClient(options: Options = {}): Client {
  const world = worldOf(options);
  const allowed = new Set([wholeOrigin(world.baseUrl), ...(options.apis?.map(wholeOrigin) ?? [globalThis.location?.origin])]);
  const shared = sessionFor(world, (options as Partial<NativeOptions>).storage ?? options.fetch ?? EVERYWHERE);
  const { session } = shared;
  let mine = 1;
  shared.users += mine;
  if (world.background) session.run();

  const covers = (url: string): boolean => allowed.has(originOf(url) ?? "");
  const api = { session, covers, timeoutMs: options.timeoutMs ?? 30_000 };

  /** With the password, a session takes the place of this one. */
  const renew = (path: string, body: object): Promise<User> =>
    session.bearing(async (token) => (await session.enter(path, body, token))!);

  return {
    get state() {
      return session.stated.state;
    },
    onChange: (listener) => session.stated.onChange(listener),
    async ready() {
      if (session.stated.state.status === "unknown") await session.token().catch(() => null);
      return session.stated.state;
    },
    register: (newcomer) => session.enter("/auth/register", newcomer),
    login: async (credentials) => (await session.enter("/auth/login", credentials))!,
    logout: () => logout(session),
    logoutEverywhere: () =>
      session.bearing((token) => session.leave("/auth/logout-all", token, "logged_out_everywhere")),
    user: async () => (await session.call("GET", "/auth/me")).body as User,
    sessions: async () => ((await session.call("GET", "/auth/sessions")).body as { sessions: Session[] }).sessions,
    endSession: (id) => session.end(id),
    changePassword: (current, next) =>
      renew("/auth/password/change", { current_password: current, new_password: next }),
    reauthenticate: (password) => renew("/auth/reauthenticate", { password }),
    fetch: (input, init) => authorized(api, input, init),
    token: ({ refused } = {}) => session.token(refused),
    covers,
    dispose() {
      shared.users -= mine;
      mine = 0;
      if (!shared.users) session.stop();
    },
  };
}

/**
 * 1. A page is recognised by its cookie, and shows its access token as well where it has a good one.
 * 2. Where the cookie is gone and the token is no longer good, the answer is a refusal: then a fresh token.
 * 3. If there is none to be had, the session is over already; the cookies of this browser are to go all the same.
 */
async function logout(session: LiveSession): Promise<void> {
  const { isNative, baseUrl } = session.world;
  // Leaving the page does not stop it. To other origins some browsers refuse to send it at all.
  const keepalive = globalThis.location?.origin === originOf(baseUrl);
  const leave = (bearer?: string | null): Promise<void> =>
    session.leave("/auth/logout", bearer ?? undefined, "logged_out", keepalive);
  const bearer = isNative ? undefined : session.goodToken();
  try {
    await leave(bearer);
  } catch (error) {
    if ((error as RotundaError).code !== "invalid_token") throw error;
    await leave(await session.token(bearer));
  }
}

function sessionFor(world: World, anchor: object): { session: LiveSession; users: number } {
  const beside = sessions.get(anchor) ?? new Map();
  sessions.set(anchor, beside);
  const shared = beside.get(world.name) ?? { session: liveSession(world), users: 0 };
  beside.set(world.name, shared);
  return shared;
}

/** The origin of an address with all of its parts. A name without its scheme would be a path of this page. */
function wholeOrigin(url: string): string {
  const origin = /^https?:\/\//.test(url) && originOf(url);
  if (!origin) throw new TypeError(`${url} is no address`);
  return origin;
}

function worldOf(options: Options): World {
  const { storage, clientSecret } = options as Partial<NativeOptions>;
  const isNative = options.mode === "native";
  const baseUrl = (options.baseUrl ?? globalThis.location?.origin ?? "").replace(/\/+$/, "");
  if (isNative !== !!storage) throw new TypeError('storage goes with mode "native"');
  const clientId = options.clientId ?? (isNative ? "native" : undefined);
  const name = `rotunda ${baseUrl} ${clientId ?? "web"}`;
  const send = options.fetch ?? globalThis.fetch;
  const locks: Locks | undefined = isNative ? undefined : globalThis.navigator?.locks;
  return {
    name,
    baseUrl,
    isNative,
    background: options.background ?? (!isNative && !!globalThis.document),
    client: { ...(clientId && { client_id: clientId }), ...(clientSecret && { client_secret: clientSecret }) },
    // Not as a method: browsers want it called on nothing.
    fetch: (input, init) => send(input, init),
    credentials: isNative ? "omit" : "include",
    after,
    now: clock(),
    book: storage ? native(storage, after) : indexed(name, after, () => globalThis.indexedDB),
    locks: locks ?? line(),
    channel: (heard) => (isNative ? undefined : channel(`${name}/1`, heard)),
    wake,
  };
}

