/**
 * The guide: one panel for each step, from the sign-in to the thief. A panel says what there is to see, what would happen
 * next, and has the buttons for it. It is made once for its step and then only updated, so that the focus stays.
 */

import { button, el, enable, rich, say } from "./elements.js";
import { showsTheft, underWay, windowLeft } from "./story.js";

/** A panel: a heading that can be given the focus, a lead, and what else it consists of. */
export function panel(heading, lead, ...rest) {
  const title = el("h2", { tabindex: "-1" }, heading);
  return { title, element: el("section", { class: "panel" }, title, el("p", {}, ...rich(lead)), ...rest) };
}

/** The whole seconds that the window is still open. */
export function secondsLeft(story, now) {
  return Math.ceil(windowLeft(story, now) / 1_000);
}

const row = (...buttons) => el("p", { class: "buttons" }, ...buttons);
const hint = () => el("p", { class: "hint-now" });

export function register(words, acts, { registration }) {
  const text = words.register;
  const isOff = registration === "off";
  const email = el("input", { id: "email", name: "email", type: "email", required: true, autocomplete: "off", spellcheck: "false" });
  const kind = isOff ? { type: "password", autocomplete: "current-password" } : { type: "text", autocomplete: "off" };
  const password = el("input", { id: "password", name: "password", required: true, spellcheck: "false", ...kind });
  if (!isOff) [email.value, password.value] = acts.suggestion();
  const go = el("button", { type: "submit" }, isOff ? text.login : text.go);
  const refused = el("p", { class: "refused", id: "refused", role: "alert", hidden: true });
  let verb = isOff ? "login" : "register";
  let busy = false;
  const form = el(
    "form",
    {},
    el("label", { for: "email" }, text.email),
    email,
    el("label", { for: "password" }, text.password),
    password,
    refused,
    row(go),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    refused.hidden = true;
    const reply = await acts.enter({ email: email.value, password: password.value }, verb);
    busy = false;
    if (reply.status === 202) [verb, go.textContent] = ["login", text.login];
    const wrong = reply.status === 202 ? text.letter : reply.body.session ? null : (reply.body.error_description ?? acts.told(reply));
    refused.hidden = wrong === null;
    if (wrong) refused.replaceChildren(...rich(wrong));
  });
  return {
    ...panel(text.heading, isOff ? text.off : text.lead, form),
    update: (story) => enable(go, underWay(story).length === 0),
  };
}

export function rotate(words, acts) {
  const text = words.rotate;
  const now_ = hint();
  const refresh = button(text.refresh, () => acts.refresh("tab1"));
  const lose = button(text.lose, () => acts.refresh("tab1", { lost: true }), "second");
  const itself = el("input", { type: "checkbox", id: "itself" });
  itself.addEventListener("change", () => acts.itself(itself.checked));
  const next = button(text.next, () => acts.go("tabs"), "next");
  const toggle = el("span", { class: "toggle" }, itself, " ", el("label", { for: "itself" }, text.itself));
  return {
    ...panel(text.heading, text.lead, now_, row(refresh, lose, toggle, next)),
    update(story, now) {
      say(now_, rotates(text, story, now));
      const free = underWay(story).length === 0;
      enable(refresh, free);
      enable(lose, free && windowLeft(story, now) === 0 && !isBehind(story));
      enable(next, story.moments.some((moment) => moment.rule === "rotate"));
    },
  };
}

function rotates(text, story, now) {
  if (isBehind(story)) return text.lost(newest(story));
  const left = secondsLeft(story, now);
  if (left > 0) return text.open(left, story.app.generation);
  const rotated = story.moments.some((moment) => moment.rule === "rotate");
  return rotated ? text.closed(story.app.generation) : text.first(story.app.refreshAfter);
}

function newest(story) {
  return Math.max(...Object.keys(story.tokens).map(Number));
}

/** Whether an answer got lost that the app needs. */
function isBehind(story) {
  return newest(story) > story.app.generation;
}

export function tabs(words, acts) {
  const text = words.tabs;
  const now_ = hint();
  const door = el("a", { href: acts.door, target: "_blank", rel: "noopener", class: "button" }, text.door);
  const both = button(text.both, () => acts.both());
  const refresh = button(text.refresh, () => acts.refresh("tab1"), "second");
  const next = button(text.next, () => acts.go("thief"), "next");
  return {
    ...panel(text.heading, text.lead, now_, row(door, both, refresh, next)),
    update(story, now) {
      const left = secondsLeft(story, now);
      const generation = story.app.generation;
      say(now_, !story.second ? text.alone : left > 0 ? text.open(left, generation) : text.ready(generation));
      door.classList.toggle("second", story.second);
      const free = underWay(story).length === 0;
      enable(both, free && story.second);
      both.classList.toggle("second", !story.second);
      enable(refresh, free);
    },
  };
}

export function thief(words, acts) {
  const text = words.thief;
  const now_ = hint();
  const copy = button(text.copy, () => acts.copy());
  const app = button(text.app, () => acts.refresh("tab1"));
  const robber = button(text.thief, () => acts.refresh("thief"), "thief");
  const level = el("p", { class: "aside", hidden: true }, text.level);
  return {
    ...panel(text.heading, text.lead, now_, row(copy, app, robber), level),
    update(story, now) {
      const next = showsTheft(story, now);
      const free = underWay(story).length === 0;
      const says = text.next[next];
      say(now_, next === "wait" ? says(secondsLeft(story, now)) : typeof says === "string" ? says : says(behind(story)));
      copy.hidden = story.thief !== null;
      app.hidden = robber.hidden = story.thief === null;
      enable(app, free);
      enable(robber, free);
      app.classList.toggle("second", next === "thief" || next === "wait");
      robber.classList.toggle("second", next === "app" || next === "wait");
      level.hidden = !followed(story);
    },
  };
}

/** The generation of whoever is behind. */
function behind({ app, thief: robber }) {
  return Math.min(app.generation, robber?.generation ?? app.generation);
}

/** Whether both have got the same token since the copy was made. */
function followed({ app, thief: robber, moments }) {
  const copy = moments.find((moment) => moment.kind === "copied");
  return Boolean(copy && robber.generation === app.generation && app.generation > copy.generation);
}
