/**
 * The first tab: it alone changes the story, and tells it to the second one.
 *
 * 1. An act of the reader becomes a request; that it was sent is a moment of the story.
 * 2. Its answer is another one (`story.js`), and everything is drawn anew.
 * 3. The second tab sends requests of its own, with what the app keeps; it reports both moments here.
 */

import { found } from "./found.js";
import { withKey } from "./holder.js";
import { register, rotate, tabs, thief } from "./panels.js";
import * as story from "./story.js";
import { Line } from "./tabs.js";
import * as wire from "./wire.js";

const PANELS = { register, rotate, tabs, thief, found };
const LOOK_MS = 250;
/** How often it refreshes by itself before it stops. */
const MOST_BY_ITSELF = 6;
/** How long it rests between the end of a window and a refresh by itself. */
const REST_MS = 1_500;

export class First {
  #page;
  #words;
  #settings;
  #now;
  #line;
  #told;
  #second = null;
  #requests = 0;
  #byItself = 0;
  #freeSince = 0;

  /** @param settings `{ windowMs, registration }`; `now` tells milliseconds that only go forward */
  constructor(page, words, settings, now) {
    [this.#page, this.#words, this.#settings, this.#now] = [page, words, settings, now];
    this.#told = story.begin(settings.windowMs);
    const id = wire.random();
    this.door = `/demo#${id}`;
    this.#line = new Line(id, "first", (said) => this.#hear(said));
    addEventListener("pagehide", () => this.#line.say("over"));
    setInterval(() => this.#tick(), LOOK_MS);
    this.#draw();
  }

  // --- what the reader does ------------------------------------------------------------------------------------------

  /** An address and a password that nobody has. */
  suggestion() {
    const text = wire.random().replaceAll(/[-_]/g, "").toLowerCase();
    return [`ada-${text.slice(0, 5)}@example.com`, text.slice(5).replaceAll(/(.{4})(?=.)/g, "$1-")];
  }

  async enter(account, verb) {
    this.#told.account = account;
    const id = this.#sent({ party: "tab1", verb });
    const reply = await (verb === "register" ? wire.register(account) : wire.login(account));
    this.#answered(id, reply);
    return reply;
  }

  async refresh(party, { lost = false } = {}) {
    const holder = story.held(this.#told, party);
    const keys = withKey(holder, wire.random);
    const id = this.#sent({ party, generation: holder.generation, lost });
    this.#answered(id, await wire.refresh({ token: holder.token, device: holder.device, keys }));
  }

  /** Both tabs send what the app has. The second one goes first: word of it comes here at once, an answer does not. */
  both() {
    this.#line.say("both", {}, this.#second);
  }

  copy() {
    story.copied(this.#told);
    this.#changed();
  }

  go(step) {
    this.itself(false);
    this.#told.step = step;
    this.#changed();
  }

  itself(on) {
    this.#byItself = on ? MOST_BY_ITSELF : 0;
  }

  again() {
    return this.enter(this.#told.account, "login");
  }

  events() {
    return wire.events(this.#told.app.access);
  }

  account() {
    return this.#told.account;
  }

  anew() {
    location.assign("/demo");
  }

  /** Why there is no answer to be shown. */
  told(reply) {
    return this.#words.told({ party: "tab1", verb: "register" }, { rule: "away", status: reply.status });
  }

  // --- the second tab ------------------------------------------------------------------------------------------------

  #hear({ is, from, ...said }) {
    if (is === "hello") return this.#meet(from);
    if (from !== this.#second) return;
    if (is === "bye") {
      this.#second = null;
      story.left(this.#told);
      this.#changed();
    } else if (is === "sent") {
      this.#told.app.keys = said.keys;
      story.sent(this.#told, { id: said.id, party: "tab2", generation: said.generation });
      this.#changed();
      if (said.both) this.refresh("tab1");
    } else if (is === "answered") {
      this.#answered(said.id, said.reply);
    }
  }

  #meet(from) {
    if (!this.#told.app || this.#told.ending || (this.#second && this.#second !== from)) {
      return this.#line.say(this.#second ? "full" : "over", {}, from);
    }
    this.#second = from;
    story.joined(this.#told);
    this.#changed();
  }

  // --- the story ---------------------------------------------------------------------------------------------------

  #sent(request) {
    const id = `1.${(this.#requests += 1)}`;
    story.sent(this.#told, { ...request, id });
    this.#changed();
    return id;
  }

  #answered(id, reply) {
    story.answered(this.#told, id, reply, this.#now());
    this.#changed();
  }

  #changed() {
    this.#line.say("story", { story: this.#told });
    this.#draw();
  }

  #draw() {
    const { step } = this.#told;
    this.#page.panel(step, () => PANELS[step](this.#words, this, this.#settings, this.#told));
    this.#page.draw(this.#told, this.#now());
  }

  #tick() {
    if (story.closed(this.#told, this.#now())) this.#changed();
    else this.#draw();
    const now = this.#now();
    if (story.windowLeft(this.#told, now) > 0 || story.underWay(this.#told).length > 0) this.#freeSince = now;
    if (this.#byItself > 0 && this.#told.step === "rotate" && now - this.#freeSince > REST_MS) {
      this.#byItself -= 1;
      this.#freeSince = now;
      this.refresh("tab1");
    }
  }
}
