/**
 * The session of one page or process: its access token, its state, and the one refresh that may be under way.
 *
 * 1. An access token is in memory only. Other tabs are told of a fresh one, from memory to memory.
 * 2. It is refreshed when somebody needs it, when the page wakes up, and at `refresh_after`.
 * 3. Refreshes, sign-ins and sign-outs take one lock, for the whole browser where there are Web Locks. Whoever signs in or out
 *    stops the refresh of this page first, so that its reply cannot overwrite the new cookie.
 * 4. The user is signed out only by the answer that says so; see `refresh.ts`. Everything else is `degraded`, and tried again.
 */

import { refusal, sessionAnswer, type Reply, type SessionAnswer, type User } from "./answer.js";
import { ask, type Question, type Way } from "./ask.js";
import type { Channel, Ended } from "./channel.js";
import { within } from "./clock.js";
import { RotundaError } from "./errors.js";
import { begun } from "./keys.js";
import { exclusive, type Locks } from "./lock.js";
import { refresh } from "./refresh.js";
import { Stated, type State } from "./state.js";
import { failed, type Book } from "./storage.js";

/** All that a session needs of the world around it. */
export interface World extends Way {
  /** Names the lock, the channel and what is kept. */
  readonly name: string;
  readonly isNative: boolean;
  /** Whether to refresh without being asked. */
  readonly background: boolean;
  /** Who the client is, where it says so: beside everything that begins or goes on with a session. */
  readonly client: { readonly client_id?: string; readonly client_secret?: string };
  readonly book: Book;
  readonly locks: Locks;
  readonly channel: (heard: (news: unknown) => void) => Channel | undefined;
  readonly wake: (listener: () => void) => () => void;
}

type Why = State["reason"];

/** How long to wait for the lock, for the answer to a refresh, to a sign-in, which hashes a password, and to other calls. */
const LOCK_MS = 2000;
const REFRESH_MS = 4000;
const SIGN_IN_MS = 20_000;
const BEARER_MS = 10_000;
/** After this, whoever waits for a token is told that there is none. Longer than two refreshes and the lock. */
const PATIENCE_MS = 12_000;
/** Growing pauses after failures; and where asking again helps only once somebody has mended something. */
const FIRST_PAUSE_MS = 1000;
const LAST_PAUSE_MS = 30_000;
const MENDING_MS = 60_000;
/** How often at most a page asks again in vain: whether somebody has signed in elsewhere, or has mended something. */
const IN_VAIN_MS = 5000;

/** An access token. Moments are those of `World.now`. */
interface Held {
  readonly token: string;
  /** The session that it is of, and since when there is that. */
  readonly session: string;
  readonly since: string;
  /** Until when it is used. */
  readonly good: number;
  /** From when on it is refreshed. */
  readonly renew: number;
}

/** Why a refresh that was stopped ends. */
const STOPPED = Symbol();

export interface LiveSession {
  readonly world: World;
  readonly stated: Stated;
  /** The access token, if it is good. */
  goodToken(): string | undefined;
  /** Listens to other tabs and to the page, if it does not yet. */
  run(): void;
  /** No timer, no listener, no channel any more, until it is used again. */
  stop(): void;
  /**
   * The access token, refreshed if need be; `null` if nobody is signed in.
   *
   * @param refused the token that an API did not take, although it looked good from here
   */
  token(refused?: string): Promise<string | null>;
  /** Does what takes a bearer token; once more with a fresh one where that is refused. */
  bearing<T>(work: (token: string) => Promise<T>): Promise<T>;
  /** One request with a bearer token. */
  call(method: string, path: string): Promise<Reply>;
  /**
   * Whatever begins a session: a sign-in, a registration, a changed password. Answers `null` if none began, because a letter
   * is on its way.
   */
  enter(path: string, body: object, bearer?: string): Promise<User | null>;
  /** Whatever ends the session: its answer is that it has. */
  leave(path: string, bearer: string | undefined, reason: Why, keepalive?: boolean): Promise<void>;
  /** Ends one of the user's sessions, which may be this one. */
  end(id: string): Promise<void>;
}

export function liveSession(world: World): LiveSession {
  const { name, isNative, background, client, book, locks, after, now } = world;
  const stated = new Stated();
  let held: Held | undefined;
  let device: string | undefined;
  /** The refresh under way, and how to make it end without an effect. */
  let flight: Promise<void> | undefined;
  let stopFlight = (): void => undefined;
  /** The sign-in or sign-out under way; never rejects. */
  let entering: Promise<unknown> | undefined;
  /** The session that ended last. */
  let endedLast: string | undefined;
  let failures = 0;
  /** Until when the server does not want to be asked, and what it said. */
  let barredUntil = -Infinity;
  let barredBy: RotundaError;
  let lookedAt = -Infinity;
  let cancelTimer: (() => void) | undefined;
  /** How to stop listening, while this does, and where to speak. */
  let sleep: (() => void) | undefined;
  let channel: Channel | undefined;

  function goodToken(): string | undefined {
    return held && now() < held.good ? held.token : undefined;
  }

  function run(): void {
    if (sleep) return;
    sleep = background ? world.wake(woken) : () => undefined;
    channel = world.channel(hear);
    schedule(0);
  }

  function stop(): void {
    cancelTimer?.();
    sleep?.();
    channel?.close();
    sleep = channel = undefined;
  }

  async function token(refused?: string): Promise<string | null> {
    run();
    return within(PATIENCE_MS, after, tokenFor(refused));
  }

  async function tokenFor(refused: string | undefined): Promise<string | null> {
    for (;;) {
      const good = goodToken();
      if (good !== undefined && good !== refused) {
        if (now() >= held!.renew && failures === 0) inBackground();
        return good;
      }
      if (stated.state.status === "signed-out") return null;
      if (now() < barredUntil) throw barredBy;
      try {
        await refreshed(refused);
        // However short its life may be: it has just come.
        if (held && held.token !== refused) return held.token;
      } catch (error) {
        if (error !== STOPPED) throw error;
        await entering;
      }
    }
  }

  async function bearing<T>(work: (token: string) => Promise<T>): Promise<T> {
    const first = await token();
    if (first === null) throw new RotundaError("denied", "signed_out");
    try {
      return await work(first);
    } catch (error) {
      if ((error as RotundaError).code !== "invalid_token") throw error;
      const fresh = await token(first);
      if (fresh === null) throw error;
      return work(fresh);
    }
  }

  function call(method: string, path: string): Promise<Reply> {
    return bearing((bearer) => asked({ method, path, bearer, ms: BEARER_MS }));
  }

  function enter(path: string, body: object, bearer?: string): Promise<User | null> {
    return alone(async () => {
      // A device that cannot be read now does not keep anybody from signing in.
      const kept = isNative ? await book.update((now) => now).catch(() => null) : null;
      const device_secret = kept?.device ?? device;
      const whole = bearer ? body : { ...body, ...client, ...(device_secret && { device_secret }) };
      const began = now();
      const reply = await asked({ method: "POST", path, body: whole, bearer, ms: SIGN_IN_MS });
      if (reply.status === 202) return null;
      const answer = sessionAnswer(reply);
      // A page with the name of a native client: other tabs, and scripts, would get to see its tokens.
      if (!isNative && answer.refresh_token) throw refusal(reply);
      const stored = book.update(() => begun(answer), true);
      // A native client that cannot store its session has none. A page's is in the cookie; it finds its way from there.
      await (isNative ? stored : stored.catch(() => null));
      take(answer, began);
      return answer.user;
    });
  }

  async function leave(path: string, bearer: string | undefined, reason: Why, keepalive = false): Promise<void> {
    await alone(async () => {
      // A native client has no cookie: it shows its refresh token.
      const kept = isNative && !bearer ? await book.update((now) => now) : null;
      const body = kept ? { ...client, refresh_token: kept.token } : {};
      await asked({ method: "POST", path, body, bearer, ms: BEARER_MS, keepalive });
      await over(undefined, reason);
    });
  }

  /** A session of the user has ended; `undefined`: this one. */
  async function over(session: string | undefined, reason: Why): Promise<void> {
    let ended = session ?? held?.session;
    const forgotten = book.update((now) => {
      if (session !== undefined && now?.session !== session) return now;
      ended = now?.session ?? ended;
      return null;
    });
    // It is over, whatever the storage says.
    await forgotten.catch(() => null);
    if (session === undefined || session === held?.session) out(ended, reason);
  }

  async function end(id: string): Promise<void> {
    await call("DELETE", `/auth/sessions/${encodeURIComponent(id)}`);
    await over(id, "revoked_by_user");
  }

  /** With the lock, and without a refresh beside it. */
  async function alone<T>(work: () => Promise<T>): Promise<T> {
    run();
    stopFlight();
    const mine = exclusive(locks, name, LOCK_MS, after, work);
    const quiet = mine.catch(() => undefined);
    entering = quiet;
    try {
      return await mine;
    } finally {
      if (entering === quiet) entering = undefined;
      // What it had stopped is taken up again.
      schedule(held ? held.renew - now() : 0);
    }
  }

  async function asked(question: Question): Promise<Reply> {
    const reply = await ask(world, question);
    if (reply.status >= 300) throw refusal(reply);
    return reply;
  }

  function inBackground(): void {
    refreshed().catch(() => undefined);
  }

  /** One refresh at a time. Rejects with a {@link RotundaError}, or with {@link STOPPED}. */
  function refreshed(refused?: string): Promise<void> {
    if (!flight) {
      let isStopped = false;
      let stopRequest = (): void => undefined;
      stopFlight = () => {
        isStopped = true;
        stopRequest();
      };
      const check = (stop?: () => void): void => {
        if (isStopped) throw STOPPED;
        stopRequest = stop ?? stopRequest;
      };
      flight = fly(check, refused).finally(() => (flight = undefined));
    }
    return flight;
  }

  /** `check` rejects once this is to be stopped, and is told how to stop a request. */
  async function fly(check: (stop?: () => void) => void, refused: string | undefined): Promise<void> {
    await entering;
    const before = held;
    try {
      await exclusive(locks, name, LOCK_MS, after, async () => {
        check();
        // Another tab was faster.
        const good = goodToken();
        if (good !== undefined && held !== before && good !== refused) return;
        await ground(check);
      });
    } catch (error) {
      check();
      throw degrade(error instanceof RotundaError ? error : failed(error));
    }
  }

  async function ground(check: (stop?: () => void) => void): Promise<void> {
    let began = 0;
    const outcome = await refresh({
      ...world,
      ask: async (body) => {
        check();
        began = now();
        const whole = { ...body, ...client };
        const question = { method: "POST", path: "/auth/refresh", body: whole, ms: REFRESH_MS, stoppable: check };
        return sessionAnswer(await asked(question));
      },
      pause: (ms) => new Promise((resolve) => after(ms, resolve)),
    });
    check();
    if ("granted" in outcome) return take(outcome.granted, began);
    const { ended, reason } = outcome.over ?? {};
    out(held?.session, ended ?? (reason === "token_missing" ? undefined : reason));
  }

  /** What was granted to this page: other tabs are to know. */
  function take(answer: SessionAnswer, began: number): void {
    device = answer.device_secret ?? device;
    hold(answer, began);
    channel?.postMessage({ answer, age: now() - began, at: Date.now() });
  }

  /** A fresh token, good from the moment it was asked for. */
  function hold({ access_token: token, expires_in, refresh_after, session, user }: SessionAnswer, began: number): void {
    const life = expires_in * 1000;
    const good = began + life - Math.min(IN_VAIN_MS, life / 10);
    const renew = began + refresh_after * 1000;
    held = { token, session: session.id, since: session.created_at, good, renew };
    endedLast = undefined;
    barredUntil = -Infinity;
    failures = 0;
    stated.set({ status: "signed-in", user });
    // Tabs share the moment; the first one should be done before the others begin.
    const apart = Math.min(IN_VAIN_MS, Math.max(0, good - renew) * 0.3);
    schedule(renew - now() + Math.random() * apart);
  }

  /** Signed out, here and in the other tabs. */
  function out(session: string | undefined, reason: Why): void {
    if (drop(session, reason)) channel?.postMessage({ ended: session, reason });
  }

  /** Signed out here; whether that is news. */
  function drop(session: string | undefined, reason: Why): boolean {
    lookedAt = now();
    if (stated.state.status === "signed-out") return false;
    held = undefined;
    barredUntil = -Infinity;
    endedLast = session;
    failures = 0;
    stated.set({ status: "signed-out", user: null, ...(reason && { reason }) });
    schedule(0);
    return true;
  }

  /** Keeps everything, and asks again later. */
  function degrade(error: RotundaError): RotundaError {
    // Whoever only looked whether somebody has signed in elsewhere has learnt nothing.
    if (stated.state.status === "signed-out") return error;
    stated.set({ status: "degraded", user: stated.state.user, reason: error.reason ?? error.code });
    const wait = (error.retryAfter ?? 0) * 1000;
    const grown = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++);
    const isToBeMended = error.kind === "denied" && error.reason !== "token_stale" && error.status !== 429;
    barredUntil = now() + (isToBeMended ? IN_VAIN_MS : wait);
    barredBy = error;
    schedule(Math.max(wait, isToBeMended ? MENDING_MS : grown) * (1 + Math.random() / 2));
    return error;
  }

  /** The next refresh that nobody asks for; instead of the one that was scheduled before. */
  function schedule(ms: number): void {
    cancelTimer?.();
    if (!sleep || !background || stated.state.status === "signed-out") return;
    cancelTimer = after(Math.max(0, ms), inBackground);
  }

  function woken(): void {
    const { status } = stated.state;
    const at = now();
    if (status === "signed-out" ? at - lookedAt < IN_VAIN_MS : status === "signed-in" && at < held!.renew) return;
    lookedAt = at;
    inBackground();
  }

  /** What another tab says. */
  function hear(news: unknown): void {
    // Whatever else somebody says on this channel is not for us.
    const it = Object(news);
    if ("ended" in it) return hearEnd(it);
    if (!it.answer) return;
    const { session, expires_in } = it.answer as SessionAnswer;
    const began = now() - it.age - Math.max(0, Date.now() - it.at);
    const isOfAnother = held?.session !== session.id;
    const isNewer = held === undefined || (isOfAnother ? session.created_at > held.since : began + expires_in * 1000 > held.good);
    if (!isNewer || session.id === endedLast || !(began + expires_in * 900 > now())) return;
    // Its late reply would overwrite the new session's cookie.
    if (isOfAnother) stopFlight();
    hold(it.answer, began);
  }

  function hearEnd({ ended, reason }: Ended): void {
    if (ended !== undefined && ended === held?.session) {
      stopFlight();
      drop(ended, reason as Why);
    } else if (stated.state.status !== "signed-out" && (!held || ended === undefined)) {
      // This page does not know of which session that is; the server does.
      inBackground();
    }
  }

  return { world, stated, goodToken, run, stop, token, bearing, call, enter, leave, end };
}
