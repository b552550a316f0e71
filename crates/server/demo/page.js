/** The page: the step that the reader is at, the guide, the picture, who holds what, and the list. */

import { el } from "./elements.js";
import { Holds } from "./holds.js";
import { Log } from "./log.js";
import { secondsLeft } from "./panels.js";
import { Picture } from "./picture.js";

const STEPS = ["register", "rotate", "tabs", "thief", "found"];

export class Page {
  #words;
  #steps;
  #guide = el("div", { class: "guide" });
  #status = el("p", { class: "status", role: "status" });
  #picture;
  #holds;
  #log;
  #panel = null;
  #shown = null;

  constructor(place, words) {
    this.#words = words;
    this.#picture = new Picture(words);
    this.#holds = new Holds(words);
    this.#log = new Log(words);
    this.#steps = el("ol", { class: "steps" }, ...words.steps.map((name) => el("li", {}, el("span", {}, name))));
    place.replaceChildren(this.#steps, this.#guide, this.#picture.element, this.#status, this.#holds.element, this.#log.element);
  }

  /** Shows another panel; `make` is only asked when it is another one. The focus goes along, except at the beginning. */
  panel(name, make) {
    if (name === this.#shown) return;
    const isFirst = this.#shown === null;
    this.#shown = name;
    this.#panel = make();
    this.#guide.replaceChildren(this.#panel.element);
    if (!isFirst) this.#panel.title.focus();
  }

  draw(story, now) {
    const at = STEPS.indexOf(story.step);
    [...this.#steps.children].forEach((step, number) => {
      step.className = number < at ? "past" : "";
      if (number === at) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
    this.#panel?.update(story, now);
    this.#picture.draw(story, secondsLeft(story, now));
    this.#holds.draw(story, now);
    this.#log.element.hidden = story.moments.length === 0;
    const news = this.#log.draw(story);
    if (news) this.#status.textContent = news;
  }
}
