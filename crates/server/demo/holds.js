/** Who holds what: the app and, once there is one, the thief. */

import { el } from "./elements.js";
import { token } from "./picture.js";

export class Holds {
  #words;
  #cards = el("div", { class: "cards" });
  #drawn = "";

  constructor(words) {
    this.#words = words;
    this.element = el("section", { class: "holds" }, el("h2", {}, words.holds.heading), this.#cards);
  }

  draw(story, now) {
    this.element.hidden = !story.app;
    const cards = ["app", "thief"].filter((who) => story[who]).map((who) => [who, this.#lines(story, who, now)]);
    const drawn = JSON.stringify(cards);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#cards.replaceChildren(...cards.map(([who, lines]) => this.#card(story[who], who, lines)));
  }

  #lines(story, who, now) {
    const { holds } = this.#words;
    const { token: text, access, accessUntil, device, keys } = story[who];
    // A session that begins after the theft is another one.
    const isDead = story.ending?.session === story[who].session;
    const left = Math.max(0, Math.floor((accessUntil - now) / 1_000));
    const good = isDead ? holds.dead(left) : holds.good(left);
    return {
      isDead,
      rows: [
        [holds.refresh, short(text)],
        [holds.access, `${short(access)} · ${good}`],
        [holds.device, short(device)],
        [holds.keys, holds.count(keys.length)],
      ],
    };
  }

  #card({ generation }, who, { isDead, rows }) {
    const list = rows.flatMap(([name, value], number) => [
      el("dt", {}, name),
      el("dd", {}, number === 0 ? token(generation, isDead ? "dead" : "current") : null, ` ${value}`),
    ]);
    return el("div", { class: `card ${who}` }, el("h3", {}, this.#words.holds[who]), el("dl", {}, ...list));
  }
}

/** The beginning and the end of a secret: enough to see whether two are the same. */
function short(text) {
  return text ? `${text.slice(0, 4)}…${text.slice(-5)}` : "…";
}
