/** The last panel: what each sees when a theft was found. The second tab has a panel of its own, here as well. */

import { button, el, enable, rich, say } from "./elements.js";
import { panel } from "./panels.js";
import { underWay } from "./story.js";

export function found(words, acts, _settings, story) {
  const text = words.found;
  const { by, ended, session } = story.ending;
  const isReuse = ended === "reused";
  const side = by === "thief" ? "thief" : "app";
  const rest = el("p", { class: "hint-now" });
  const app = button(text.appTries, () => acts.refresh("tab1"));
  const thief = button(text.thiefTries, () => acts.refresh("thief"), "thief");
  const user = el("div", { class: "sees", hidden: true }, el("h3", {}, text.user), card(text, acts));
  const tell = el("div", { class: "sees" }, ...tells(text, story.account, session, isReuse));
  const events = el("div", { class: "sees", hidden: true }, el("h3", {}, text.events));
  const anew = button(text.anew, () => acts.anew(), "next");
  const lead = isReuse ? text.lead[side] : text.lead.otherwise(words.endings[ended] ?? ended ?? "");
  const tries = el("p", { class: "buttons" }, app, thief);
  return {
    ...panel(isReuse ? text.heading : text.other, lead, rest, tries, el("div", { class: "views" }, user, tell, events), el("p", { class: "buttons" }, anew)),
    update(now_) {
      const free = underWay(now_).length === 0;
      const untold = !now_.told.app ? "app" : now_.thief && !now_.told.thief ? "thief" : null;
      rest.hidden = tries.hidden = untold === null || now_.again;
      if (untold) say(rest, text.rest[untold]);
      app.hidden = untold !== "app";
      thief.hidden = untold !== "thief";
      enable(app, free);
      enable(thief, free);
      user.hidden = !now_.told.app;
      enable(user.querySelector("button"), free && !now_.again);
      if (now_.again && events.hidden) show(events, words, acts);
    },
  };
}

/** The app's own screen after `token_reused`, or after `session_ended` beside `reused`. */
function card(text, acts) {
  return el("div", { class: "phone" }, el("p", { class: "phone-title" }, text.card), el("p", {}, text.cardText), button(text.again, () => acts.again()));
}

function tells(text, account, session, isReuse) {
  const operator = [el("h3", {}, text.operator), el("pre", {}, el("code", {}, `rotunda session why ${session}`))];
  if (!isReuse) return operator;
  return [el("h3", {}, text.letter), el("p", {}, ...rich(text.letterText(account.email))), ...operator];
}

/** What the server has written down, for the user. */
async function show(place, words, acts) {
  const text = words.found;
  place.hidden = false;
  const { status, body } = await acts.events();
  if (status !== 200 || !Array.isArray(body.events)) return place.append(el("p", {}, text.noEvents));
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
  const lines = body.events.slice(0, 12).map(({ kind, ended, at, address }) => {
    const what = `${words.events[kind] ?? kind}${ended ? `: ${words.endings[ended] ?? ended}` : ""}`;
    return el("li", { class: ended === "reused" ? "bad" : null }, el("time", { datetime: at }, time.format(new Date(at))), ` ${what}`, el("small", {}, address ? ` ${address}` : ""));
  });
  const { email, password } = acts.account();
  const account = el("p", {}, el("a", { href: "/account", target: "_blank", rel: "noopener" }, text.account), " ", el("code", {}, email), " ", el("code", {}, password));
  place.append(el("p", {}, ...rich(text.eventsLead)), el("ol", { class: "events" }, ...lines), account);
}

export function second(words, acts) {
  const text = words.second;
  const refresh = button(text.refresh, () => acts.refresh("tab2"));
  const row = el("p", { class: "buttons" }, refresh);
  return {
    ...panel(text.heading, text.lead, row),
    update(story) {
      row.hidden = story.ending !== null;
      enable(refresh, underWay(story).length === 0);
    },
  };
}

/** A second tab without a story. */
export function alone(words, why) {
  const text = words.second;
  const anew = el("p", { class: "buttons" }, el("a", { href: "/demo", class: "button" }, text.anew));
  return { ...panel(text.heading, text[why], why === "waiting" ? null : anew), update() {} };
}
