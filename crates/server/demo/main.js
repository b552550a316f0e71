/**
 * Where the page starts. `/demo` begins a story; `/demo#ID` is the second tab of one.
 *
 * Nothing is stored: who reloads the first tab begins anew. Everything that is sent stands in `wire.js`.
 */

import { First } from "./first.js";
import { Page } from "./page.js";
import { Second } from "./second.js";
import de from "./words/de.js";
import en from "./words/en.js";

/** Milliseconds that only go forward, and mean the same in both tabs. */
const now = () => performance.timeOrigin + performance.now();

const place = document.getElementById("demo");
const words = document.documentElement.lang === "de" ? de : en;
const page = new Page(place, words);
const id = location.hash.slice(1);

if (id) new Second(page, words, now, id);
else new First(page, words, { windowMs: Number(place.dataset.window), registration: place.dataset.registration }, now);

// The same page with another `#` is another tab of another story.
addEventListener("hashchange", () => location.reload());
