/** The picture: what `trace.js` has placed, drawn in the manner of the pictures in docs/guide/rotation.md. */

import { el, svg } from "./elements.js";
import { BAR, trace } from "./trace.js";

/** Roughly what a character of the bars' text takes. */
const CHARACTER = 6.6;
/** A bar of this length says at both its ends what it is. */
const LONG = 300;

export class Picture {
  #words;
  #labels = el("div", { class: "lane-names", "aria-hidden": "true" });
  #drawing = svg("svg", { role: "img", class: "drawing" });
  #scroller;
  /** How many moments were drawn before: what is new may fade in. */
  #drawn = 0;

  constructor(words) {
    this.#words = words;
    this.#scroller = el("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": words.picture.scroll }, this.#drawing);
    const legend = el("p", { class: "legend", "aria-hidden": "true" }, ...this.#legend());
    this.element = el("figure", { class: "picture" }, el("div", { class: "stage" }, this.#labels, this.#scroller), legend);
  }

  draw(story, seconds) {
    const room = this.#scroller.clientWidth || 0;
    const traced = trace(story, room);
    const { width, height } = traced;
    for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) {
      this.#drawing.setAttribute(name, value);
    }
    this.#drawing.setAttribute("aria-label", this.#words.picture.summary(story));
    const arrows = traced.arrows.length;
    this.#drawing.replaceChildren(
      ...traced.windows.flatMap((span) => this.#window(span, seconds)),
      ...traced.copies.flatMap((copy) => this.#copy(copy)),
      ...traced.arrows.map((message, number) => arrow(message, number >= this.#drawn)),
      ...traced.lanes.flatMap((lane) => this.#lane(lane, width, width > room)),
      ...traced.labels.map((label) => this.#said(label)),
    );
    this.#name(traced.lanes);
    if (arrows !== this.#drawn) this.#scroller.scrollLeft = width;
    this.#drawn = arrows;
  }

  #name(lanes) {
    const names = lanes.map(({ name, y }) => {
      const label = el("span", { class: name }, this.#words.lanes[name]);
      label.style.setProperty("--y", `${y}px`);
      return label;
    });
    this.#labels.replaceChildren(...names);
  }

  #lane({ y, segments }, width, scrolls) {
    const parts = [rect(0, y, width, BAR, "f-rail", 6)];
    for (const { from, to, tint, ...says } of segments) {
      const [fill, ink] = { hold: ["hold", "holdink"], next: ["next", "holdink"], thief: ["thieffill", "thief"], ended: ["badfill", "bad"], rail: ["rail", "muted"] }[tint];
      parts.push(rect(from, y, to - from, BAR, `f-${fill}`, 6));
      const fits = this.#words.bar(says).find((text) => text.length * CHARACTER + 14 < to - from);
      if (fits) parts.push(text(from + 10, y + 18, fits, `small f-${ink}`));
      // Where the picture is scrolled, the beginning of a long bar is out of sight.
      if (fits && scrolls && to - from > LONG) parts.push(text(to - 10, y + 18, fits, `small end f-${ink}`));
    }
    return parts;
  }

  #window({ from, to, top, bottom, open }, seconds) {
    const shade = rect(from, top, to - from, bottom - top, "f-window shade", 4);
    if (!open || seconds === 0) return [shade];
    return [shade, text(to - 8, top + 16, this.#words.picture.open(seconds), "small end f-windowink")];
  }

  #copy({ x, from, to }) {
    return [
      svg("line", { x1: x, y1: from, x2: x, y2: to - 2, class: "s-thief", "stroke-width": 1.6, "stroke-dasharray": "2 5" }),
      head([x, from], [x, to], "thief"),
      text(x + 8, to - 14, this.#words.picture.copies, "small f-thief"),
    ];
  }

  /** What was decided: the rule by its name, and what that means. */
  #said({ x, y, said, party, lost }) {
    const bad = said.generation === undefined && said.rule !== "letter";
    const [rule, below] = this.#words.decided(said, { party, lost });
    return svg("g", {}, text(x, y, rule, `rule ${bad ? "f-bad" : "f-ink"}`), below && text(x, y + 16, below, `small ${bad ? "f-bad" : "f-muted"}`));
  }

  #legend() {
    const words = this.#words.picture.legend;
    return ["current", "used", "dead", "window"].map((state) => {
      const sample =
        state === "window"
          ? svg("svg", { width: 24, height: 20, class: "sample" }, rect(0, 2, 24, 16, "f-window shade", 3))
          : svg("svg", { width: 34, height: 22, class: "sample" }, box(17, 11, "g", state));
      return el("span", {}, sample, words[state]);
    });
  }
}

/** A message, with the token that it carries. */
function arrow({ from, to, colour, box: carried, part, lost }, isNew) {
  const along = (share) => [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
  const end = lost === null ? to : along(lost);
  const line = svg("line", { x1: from[0], y1: from[1], x2: end[0], y2: end[1], class: `s-${colour}`, "stroke-width": 1.6, "stroke-linecap": "round" });
  const tip = lost === null ? head(from, to, colour) : cross(end);
  const token = carried && box(...along(part), `g${carried.generation}`, carried.state);
  return svg("g", { class: isNew ? "new" : null }, line, tip, token);
}

/** A token: a filled box is current, a hollow one was used before, a struck one is dead. */
export function box(x, y, says, state) {
  const [fill, edge, ink] = { current: ["token", "token", "tokenink"], used: ["paper", "token", "ink"], dead: ["badfill", "bad", "bad"] }[state];
  const shape = rect(x - 16, y - 10, 32, 20, `f-${fill} s-${edge}`, 5, 1.5);
  const struck = state === "dead" && svg("line", { x1: x - 14, y1: y + 8, x2: x + 14, y2: y - 8, class: "s-bad", "stroke-width": 1.2 });
  return svg("g", {}, shape, text(x, y + 4, says, `box middle f-${ink}`), struck || null);
}

/** A token by itself, to stand in a line of text. */
export function token(generation, state) {
  return svg("svg", { width: 34, height: 22, class: "sample", "aria-hidden": "true" }, box(17, 11, `g${generation}`, state));
}

function rect(x, y, width, height, kind, radius, stroke) {
  return svg("rect", { x, y, width: Math.max(0, width), height, rx: radius, class: kind, "stroke-width": stroke });
}

function text(x, y, says, kind) {
  return svg("text", { x, y, class: kind }, says);
}

/** The head of an arrow. */
function head(from, to, colour) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const [ux, uy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const [bx, by] = [to[0] - 9 * ux, to[1] - 9 * uy];
  const points = [to, [bx - 4.2 * uy, by + 4.2 * ux], [bx + 4.2 * uy, by - 4.2 * ux]];
  return svg("polygon", { points: points.map((point) => point.join(",")).join(" "), class: `f-${colour}` });
}

function cross([x, y]) {
  const line = (x1, y1, x2, y2) => svg("line", { x1, y1, x2, y2, class: "s-bad", "stroke-width": 2.5, "stroke-linecap": "round" });
  return svg("g", {}, line(x - 6, y - 6, x + 6, y + 6), line(x - 6, y + 6, x + 6, y - 6));
}
