/** How the demo reads answers, and where it draws them: row by row, without a browser. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ruleOf } from "../../../crates/server/demo/rule.js";
import * as story from "../../../crates/server/demo/story.js";
import { trace } from "../../../crates/server/demo/trace.js";
import de from "../../../crates/server/demo/words/de.js";
import en from "../../../crates/server/demo/words/en.js";

const granted = (generation, token = `t${generation}`) => ({
  status: 200,
  body: { session: { id: "s", generation }, refresh_token: token, device_secret: "d", access_token: "a", expires_in: 900, refresh_after: 600 },
});
const refused = (status, reason, ended) => ({ status, body: { error: "invalid_grant", reason, ended } });
const sent = { verb: "refresh", generation: 3 };

const ROWS = [
  // what was sent, the answer, the tokens seen, whether the window is open, the rule
  [{ verb: "register" }, granted(0), {}, false, "sign_in"],
  [{ verb: "register" }, { status: 202, body: {} }, {}, false, "letter"],
  [sent, granted(4), { 3: "t3" }, false, "rotate"],
  [sent, granted(3), { 3: "t3" }, true, "debounce"],
  [sent, granted(4), { 3: "t3", 4: "t4" }, true, "replay"],
  [sent, granted(4), { 3: "t3", 4: "t4" }, false, "late_retry"],
  [sent, granted(5), { 3: "t3", 4: "t4", 5: "t5" }, true, "in_flight"],
  [sent, granted(4, "other"), { 3: "t3", 4: "t4" }, true, "another"],
  [sent, granted(3, "other"), { 3: "t3" }, true, "another"],
  [sent, refused(401, "token_reused", "reused"), {}, false, "reuse"],
  [sent, refused(401, "session_ended", "reused"), {}, false, "ended"],
  [sent, refused(401, "token_stale"), {}, false, "stale"],
  [sent, refused(401, "token_unknown"), {}, false, "refused"],
  [sent, { status: 0, body: {} }, {}, false, "away"],
  [sent, { status: 503, body: {} }, {}, false, "away"],
  [sent, refused(429, "rate_limited"), {}, false, "away"],
];

test("each answer shows its rule, and each rule has words in both languages", () => {
  for (const [request, reply, tokens, inside, rule] of ROWS) {
    const said = ruleOf(request, reply, tokens, inside);
    assert.equal(said.rule, rule);
    for (const words of [en, de]) {
      const told = words.told({ party: "tab1", ...request }, said);
      const decided = words.decided(said, { party: "thief", lost: false });
      for (const text of [told, ...decided]) assert.ok(text && !text.includes("undefined"), `${rule}: ${text}`);
    }
  }
});

/** A story in which both tabs and the thief send and are answered. */
function told() {
  const told = story.begin(10_000);
  const ask = (id, party, reply, now, more = {}) => {
    story.sent(told, { id, party, generation: story.held(told, party)?.generation, ...more });
    if (reply) story.answered(told, id, reply, now);
  };
  ask("1", "tab1", { ...granted(0), status: 201 }, 0, { verb: "register" });
  ask("2", "tab1", granted(1), 1);
  story.joined(told);
  story.closed(told, 20_000);
  ask("3", "tab2", null, 0);
  ask("4", "tab1", null, 0);
  story.answered(told, "4", granted(2), 20_001);
  story.answered(told, "3", granted(2), 20_002);
  story.closed(told, 40_000);
  story.copied(told);
  ask("5", "thief", granted(3), 40_001);
  story.closed(told, 60_000);
  ask("6", "tab1", refused(401, "token_reused", "reused"), 60_001);
  return told;
}

test("the picture has time from left to right, and nothing outside of it", () => {
  const { width, height, lanes, arrows, labels, windows } = trace(told());
  assert.deepEqual(lanes.map(({ name }) => name), ["tab1", "tab2", "server", "thief"]);
  assert.equal(arrows.length, 12);
  for (const { from, to } of arrows) {
    assert.ok(from[0] < to[0], `${from} → ${to}`);
    for (const [x, y] of [from, to]) assert.ok(x > 0 && x < width && y > 0 && y < height, `${x}, ${y}`);
  }
  assert.deepEqual(labels.map(({ said }) => said.rule), ["sign_in", "rotate", "rotate", "replay", "rotate", "reuse"]);
  for (const { x, y } of labels) assert.ok(x > 0 && x < width && y > 0 && y + 16 < height);
  for (const { segments } of lanes) {
    segments.forEach(({ from, to }, number) => {
      assert.ok(from < to, `${from} to ${to}`);
      assert.equal(to, segments[number + 1]?.from ?? width);
    });
  }
  assert.deepEqual(windows.map(({ open }) => open), [false, false, false]);
});

test("nobody keeps an older token over a newer one, or what got lost", () => {
  const kept = told();
  assert.equal(kept.app.generation, 2);
  story.answered({ ...kept, moments: [{ kind: "sent", id: "late", party: "tab1", verb: "refresh", generation: 0 }] }, "late", granted(1), 0);
  assert.equal(kept.app.generation, 2);
  story.sent(kept, { id: "lost", party: "tab1", generation: 2, lost: true });
  story.answered(kept, "lost", granted(3), 0);
  assert.equal(kept.app.generation, 2);
});
