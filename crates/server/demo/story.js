/**
 * The story so far: plain data that only grows, from which everything on the page is drawn. What is in it has happened:
 * each moment is a request that was sent, an answer that came, or something that the reader did.
 *
 * | moment | when | fields |
 * |---|---|---|
 * | `sent` | a request leaves | `id`, `party`, `verb`, `generation`, `lost` |
 * | `answered` | its answer is there | `id`, and what `rule.js` makes of it |
 * | `joined`, `left` | the second tab | |
 * | `copied` | the thief copies all that the app keeps | `generation` |
 * | `closed` | the window after a rotation has passed | |
 *
 * The parties are `tab1` and `tab2`, which share what the app keeps (`app`), and `thief`.
 */

import { holderOf, keep } from "./holder.js";
import { ruleOf } from "./rule.js";

/** A story in which nothing has happened. The window in milliseconds. */
export function begin(windowMs) {
  return {
    windowMs,
    step: "register",
    account: null,
    app: null,
    thief: null,
    second: false,
    tokens: {},
    moments: [],
    rotatedAt: null,
    ending: null,
    told: { app: null, thief: null },
    again: false,
  };
}

/** What a party holds. */
export function held(story, party) {
  return party === "thief" ? story.thief : story.app;
}

/** For how many milliseconds the window is still open; 0 when it is not. */
export function windowLeft(story, now) {
  if (story.rotatedAt === null || story.ending) return 0;
  return Math.max(0, story.rotatedAt + story.windowMs - now);
}

/** The requests that have no answer yet. */
export function underWay(story) {
  const answered = new Set(story.moments.filter((moment) => moment.kind === "answered").map((moment) => moment.id));
  return story.moments.filter((moment) => moment.kind === "sent" && !answered.has(moment.id));
}

export function sent(story, { id, party, verb = "refresh", generation = null, lost = false }) {
  story.moments.push({ kind: "sent", id, party, verb, generation, lost });
}

/** Takes an answer in: who keeps what, and whether the session goes on. */
export function answered(story, id, reply, now) {
  const request = story.moments.find((moment) => moment.kind === "sent" && moment.id === id);
  if (!request) return;
  const signsIn = request.verb !== "refresh";
  const said = ruleOf(request, reply, story.tokens, windowLeft(story, now) > 0);
  story.moments.push({ kind: "answered", id, ...said });
  if (reply.body.session && signsIn) signedIn(story, reply.body, now);
  else if (reply.body.session) went(story, request, reply.body, said, now);
  else if (said.rule === "reuse" || said.rule === "ended") over(story, request.party, said);
}

function signedIn(story, body, now) {
  story.again = story.ending !== null;
  story.app = holderOf(body, now);
  if (story.again) return;
  story.tokens = { [body.session.generation]: body.refresh_token };
  story.step = "rotate";
}

function went(story, request, body, { rule, generation }, now) {
  story.tokens[generation] ??= body.refresh_token;
  if (rule === "rotate") story.rotatedAt = now;
  if (!request.lost) keep(held(story, request.party), body, now);
}

function over(story, party, said) {
  story.ending ??= { by: party, ended: said.ended ?? null, rule: said.rule, session: held(story, party).session };
  story.told[party === "thief" ? "thief" : "app"] ??= said;
  story.rotatedAt = null;
  story.step = "found";
}

/** The window has passed; says whether that is news. */
export function closed(story, now) {
  if (story.rotatedAt === null || windowLeft(story, now) > 0) return false;
  story.rotatedAt = null;
  story.moments.push({ kind: "closed" });
  return true;
}

export function joined(story) {
  story.second = true;
  story.moments.push({ kind: "joined" });
}

export function left(story) {
  story.second = false;
  story.moments.push({ kind: "left" });
}

/** The thief copies all that the app keeps: token, device secret, retry keys. */
export function copied(story) {
  story.thief = structuredClone(story.app);
  story.moments.push({ kind: "copied", generation: story.app.generation });
}

/** What would show the theft next: `copy`, `either` to refresh, `wait`, or the one that is behind. */
export function showsTheft(story, now) {
  const { app, thief } = story;
  if (!thief) return "copy";
  if (app.generation === thief.generation) return windowLeft(story, now) > 0 ? "wait" : "either";
  if (windowLeft(story, now) > 0) return "wait";
  return app.generation < thief.generation ? "app" : "thief";
}
