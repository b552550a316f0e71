/** The story as a list: the picture in words. */

import { el } from "./elements.js";

export class Log {
  #words;
  #list = el("ol");
  #written = 0;

  constructor(words) {
    this.#words = words;
    this.element = el("section", { class: "log" }, el("h2", { id: "log" }, words.log.heading), this.#list);
  }

  /** Writes what is new; returns the last line that is. */
  draw({ moments }) {
    let last = null;
    for (const moment of moments.slice(this.#written)) {
      const line = lineOf(moment, moments, this.#words);
      if (!line) continue;
      last = line.says;
      const wire = line.wire && el("code", {}, line.wire);
      this.#list.append(el("li", { class: line.kind }, line.says, wire ? " " : null, wire || null));
    }
    this.#written = moments.length;
    return last;
  }
}

function lineOf(moment, moments, words) {
  if (moment.kind === "answered") {
    const request = moments.find((other) => other.kind === "sent" && other.id === moment.id);
    const kind = moment.rule === "reuse" || moment.rule === "ended" ? "bad" : request.party === "thief" ? "thief" : null;
    return { says: words.told(request, moment), wire: wireOf(request, moment, words), kind };
  }
  const says = words.moment[moment.kind];
  if (!says) return null;
  return { says: typeof says === "string" ? says : says(moment.generation), kind: moment.kind === "copied" ? "thief" : "quiet" };
}

function wireOf({ verb, generation: had }, { status, reason, generation }, words) {
  const back = generation === undefined ? `${status || words.log.noAnswer} ${reason ?? ""}`.trim() : `${status} g${generation}`;
  return `POST /auth/${verb}${had === null ? "" : ` g${had}`} → ${back}`;
}
