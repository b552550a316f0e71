/**
 * Where everything stands in the picture: from the story to lanes, arrows and labels with coordinates. Pure.
 *
 * Time goes from left to right and is not to scale: each moment is a step. A lane's bar says what its owner holds, the
 * server's bar which generation is current, as far as its answers have shown it.
 */

export const BAR = 26;
const START = 16;
const TOP = 34;
/** How far the next moment is, after a request and after anything else. */
const AFTER_SENT = 92;
const AFTER_BOTH = 46;
const AFTER_REST = 50;
/** From the server to whoever gets its answer. */
const BACK = 44;
/** What the last moment needs for its words. */
const LAST = 120;
/** How far the thief's copy is from what comes next, so that there is room for its words. */
const AFTER_COPY = 150;
/** How far from the server's bar an answer gets lost. */
const LOST = 68;

/** @returns `{ width, height, lanes, windows, arrows, labels, copies }` */
export function trace(story, least = 0) {
  const xs = places(story.moments);
  const end = (xs.at(-1) ?? START) + LAST;
  const width = Math.max(end, least);
  const lanes = lanesOf(story);
  const messages = messagesOf(story.moments, xs);
  const bottom = Math.max(...Object.values(lanes)) + BAR;
  const said = labels(messages, lanes);
  return {
    width,
    height: Math.max(bottom, ...said.map((label) => label.y + 16)) + 20,
    lanes: Object.entries(lanes).map(([name, y]) => ({ name, y, segments: segments(name, story, xs, messages, width) })),
    windows: windows(story, xs, messages, width).map((span) => ({ ...span, top: TOP + BAR, bottom })),
    arrows: messages.flatMap((message) => arrows(message, lanes)),
    labels: said,
    copies: copies(story.moments, xs, lanes),
  };
}

/** One x a moment. */
function places(moments) {
  const xs = [];
  moments.forEach((_, number) => {
    if (number === 0) xs.push(START + 40);
    else xs.push(xs[number - 1] + gap(moments[number - 1], moments[number]));
  });
  return xs;
}

function gap(before, after) {
  if (before.kind === "copied") return AFTER_COPY;
  if (before.kind !== "sent") return AFTER_REST;
  return after.kind === "sent" ? AFTER_BOTH : AFTER_SENT;
}

/** Which lanes there are, from above, and where. */
function lanesOf(story) {
  const hasSecond = story.moments.some((moment) => moment.kind === "joined");
  const lanes = { tab1: TOP };
  if (hasSecond) lanes.tab2 = TOP + 70;
  lanes.server = (lanes.tab2 ?? TOP) + 124;
  if (story.thief) lanes.thief = lanes.server + 136;
  return lanes;
}

/** Requests with their answers: where they leave (`from`), reach the server (`at`) and are back (`to`). */
function messagesOf(moments, xs) {
  return moments.flatMap((moment, number) => {
    if (moment.kind !== "sent") return [];
    const back = moments.findIndex((other) => other.kind === "answered" && other.id === moment.id);
    const to = back < 0 ? null : xs[back];
    const at = to === null ? xs[number] + AFTER_SENT - BACK : to - BACK;
    return [{ ...moment, from: xs[number], at, to, back, said: back < 0 ? null : moments[back] }];
  });
}

// --- bars ------------------------------------------------------------------------------------------------------------

function segments(name, story, xs, messages, width) {
  const changes = name === "server" ? current(messages) : holds(name, story.moments, xs, messages);
  changes.sort((one, other) => one.from - other.from);
  return changes.map((change, number) => ({ ...change, to: changes[number + 1]?.from ?? width }));
}

/** What is current at the server. */
function current(messages) {
  const changes = [];
  let newest = -1;
  for (const { said, at, to } of inOrder(messages)) {
    if (to === null) continue;
    if (said.rule === "sign_in") newest = -1;
    if (said.generation > newest) {
      newest = said.generation;
      changes.push({ from: at, says: "current", generation: newest, tint: tint(newest) });
    } else if (said.rule === "reuse" || (said.rule === "ended" && changes.at(-1)?.tint !== "ended")) {
      changes.push({ from: at, says: "ended", ended: said.ended, tint: "ended" });
    }
  }
  return changes;
}

/** What somebody holds. Both tabs hold the same, from the same moment on. */
function holds(name, moments, xs, messages) {
  const isThief = name === "thief";
  const changes = [];
  let newest = -1;
  for (const { party, said, to, lost } of inOrder(messages)) {
    if (to === null || lost || (party === "thief") !== isThief) continue;
    if (said.rule === "sign_in") newest = -1;
    if (said.generation > newest) {
      newest = said.generation;
      changes.push({ from: to, says: "holds", generation: newest, tint: isThief ? "thief" : tint(newest) });
    } else if (said.rule === "reuse" || said.rule === "ended") {
      changes.push({ from: to, says: isThief ? "nothing" : "out", tint: "rail" });
    }
  }
  if (name === "tab2") return shared(changes, xs[moments.findIndex((moment) => moment.kind === "joined")]);
  const copy = moments.findIndex((moment) => moment.kind === "copied");
  if (!isThief || copy < 0) return changes;
  const generation = moments[copy].generation;
  // Their first answer may bring what they have copied.
  const later = changes.filter((change) => change.generation !== generation);
  return [{ from: xs[copy], says: "copy", generation, tint: "thief" }, ...later];
}

/** The second tab has what the first one has, from when it is there. */
function shared(changes, from) {
  const before = changes.filter((change) => change.from <= from).at(-1);
  const later = changes.filter((change) => change.from > from);
  return before ? [{ ...before, from }, ...later] : later;
}

function tint(generation) {
  return generation % 2 ? "next" : "hold";
}

/** As they were answered. */
function inOrder(messages) {
  return messages.filter((message) => message.to !== null).sort((one, other) => one.to - other.to);
}

// --- between the bars --------------------------------------------------------------------------------------------------

/** From each rotation on, until its window has passed, or until now. */
function windows({ moments, rotatedAt }, xs, messages, width) {
  const rotations = messages.filter((message) => message.said?.rule === "rotate");
  const ends = [
    ...moments.flatMap((moment, number) => (moment.kind === "closed" ? [xs[number]] : [])),
    ...messages.filter(({ said }) => said?.rule === "rotate" || said?.rule === "reuse").map((message) => message.at),
  ].sort((one, other) => one - other);
  return rotations.map((message) => {
    const end = ends.find((x) => x > message.at);
    return { from: message.at, to: end ?? width, open: end === undefined && rotatedAt !== null };
  });
}

function arrows({ party, verb, generation, lost, from, at, to, said }, lanes) {
  const [edge, server] = edges(lanes, party);
  const who = party === "thief" ? "thief" : "line";
  const dead = said?.rule === "ended";
  const there = {
    from: [from, edge],
    to: [at - 4, server],
    colour: who,
    box: verb === "refresh" ? { generation, state: dead ? "dead" : usedWhenSent(said) ? "used" : "current" } : null,
    part: near(lanes, party),
    lost: null,
  };
  if (to === null) return [there];
  const granted = said.generation !== undefined;
  const back = {
    from: [at + 4, server],
    to: [to, edge],
    colour: granted || said.rule === "letter" ? who : "bad",
    box: granted ? { generation: said.generation, state: "current" } : null,
    part: lost ? LOST / 2 / Math.abs(server - edge) : 1 - near(lanes, party),
    lost: lost ? LOST / Math.abs(server - edge) : null,
  };
  return [there, back];
}

/** Whether a token had been used when it reached the server, as the answer shows. */
function usedWhenSent(said) {
  return said !== null && ["replay", "late_retry", "in_flight", "stale", "reuse"].includes(said.rule);
}

/** Where messages of a party leave it, and where they reach the server. */
function edges(lanes, party) {
  return party === "thief" ? [lanes.thief, lanes.server + BAR] : [lanes[party] + BAR, lanes.server];
}

/** At which part of its way from its party a token is drawn: so that those of two tabs do not touch. */
function near(lanes, party) {
  if (party === "tab2") return 0.34;
  return party === "tab1" && lanes.tab2 ? 22 / (lanes.server - lanes.tab1 - BAR) : 0.5;
}

/** What the server decided, on the side of its bar where no arrow ends; staggered where two would touch. */
function labels(messages, lanes) {
  let before = { x: -Infinity, row: 0, side: "" };
  return inOrder(messages).map(({ party, said, at, lost }) => {
    const side = party === "thief" ? "above" : "below";
    const row = side === before.side && at - before.x < 88 ? 1 - before.row : 0;
    before = { x: at, row, side };
    const y = side === "above" ? lanes.server - 44 - 34 * row : lanes.server + BAR + 20 + 34 * row;
    return { x: at - 4, y, said, party, lost };
  });
}

/** What the thief copies, and when. */
function copies(moments, xs, lanes) {
  return moments.flatMap((moment, number) =>
    moment.kind === "copied" ? [{ x: xs[number], from: lanes.tab1 + BAR, to: lanes.thief }] : [],
  );
}
