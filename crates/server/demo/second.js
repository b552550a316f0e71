/**
 * The second tab: draws the story that the first one tells, and refreshes with what they share. As any tab, it sends its
 * requests itself.
 */

import { alone, second } from "./found.js";
import { withKey } from "./holder.js";
import { Line } from "./tabs.js";
import * as wire from "./wire.js";

const LOOK_MS = 250;
/** How long the first tab is looked for. */
const PATIENCE_MS = 3_000;

export class Second {
  #page;
  #words;
  #now;
  #line;
  #name = wire.random();
  #story = null;
  #requests = 0;

  constructor(page, words, now, id) {
    [this.#page, this.#words, this.#now] = [page, words, now];
    this.#line = new Line(id, this.#name, (said) => this.#hear(said));
    this.#say("waiting");
    this.#line.say("hello");
    setTimeout(() => this.#story ?? this.#say("over"), PATIENCE_MS);
    setInterval(() => this.#draw(), LOOK_MS);
    addEventListener("pagehide", () => this.#line.say("bye"));
  }

  async refresh(_party, { both = false } = {}) {
    const holder = structuredClone(this.#story.app);
    const keys = withKey(holder, wire.random);
    const id = `${this.#name}.${(this.#requests += 1)}`;
    // That it was sent is told before it is sent: so the first tab hears of it before anybody has an answer.
    this.#line.say("sent", { id, generation: holder.generation, keys: holder.keys, both });
    const reply = await wire.refresh({ token: holder.token, device: holder.device, keys });
    this.#line.say("answered", { id, reply });
  }

  #hear({ is, story }) {
    if (is === "story" && this.#story !== "over") {
      this.#story = story;
      this.#page.panel("second", () => second(this.#words, this));
      this.#draw();
    } else if (is === "both" && this.#story?.app) {
      this.refresh("tab2", { both: true });
    } else if (is === "full" || is === "over") {
      this.#say(is);
    }
  }

  #say(why) {
    if (why !== "waiting") this.#story = null;
    this.#page.panel(why, () => alone(this.#words, why));
  }

  #draw() {
    if (this.#story) this.#page.draw(this.#story, this.#now());
  }
}
