/**
 * What each page is held to, wherever it comes from. `examine` answers what is wrong with the page, as lines of text.
 *
 * 1. Once: the headers; that there is no script, and that nothing was refused by the policy; forms and what password managers
 *    look for; the Tab key, from the first to the last control and in their order, with a focus that can be seen.
 * 2. In each view (a width and a theme): axe, with all of WCAG 2.2 AA and its best practices; nothing is wider than the window. A
 *    window of 320 by 256 is one of 1280 by 1024 at 400 %.
 * 3. With `ROTUNDA_PICTURES` a picture of each view is written into that folder.
 */

import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { until } from "../until.js";
import { FOCUSABLE, tab } from "./visitor.js";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = process.env.ROTUNDA_PICTURES;

const RULES = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: { "target-size": { enabled: true } },
  resultTypes: ["violations"],
  preload: false,
};

/** `picture` names the pictures; `language` is what the browser asked for. */
export async function examine(visitor, { language, views, picture }) {
  const { page, answer } = visitor;
  const findings = [...headers(answer, language), ...(await page.evaluate(inSource, language)), ...(await focus(page))];
  await page.evaluate(AXE);
  for (const view of views) {
    await show(page, view);
    const { violations } = await page.evaluate((rules) => axe.run(document, rules), RULES);
    const wide = await page.evaluate(tooWide);
    const told = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`));
    findings.push(...[...told, ...wide].map((finding) => `${view.width} ${view.theme}: ${finding}`));
    if (PICTURES) await take(page, `${picture}-${view.width}-${view.theme}`);
  }
  return findings;
}

/** Firefox has one theme for as long as it runs. */
export async function show(page, { width, height, theme }) {
  await page.setViewport({ width, height });
  if (!theme || theme === "as it is") return;
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
}

async function take(page, name) {
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

function headers(answer, language) {
  const sent = answer.headers();
  const policy = sent["content-security-policy"] ?? "";
  const expected = {
    "cache-control": "no-store",
    "content-language": language,
    "content-type": "text/html; charset=utf-8",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "strict-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
  };
  const wrong = Object.entries(expected).filter(([name, value]) => sent[name] !== value);
  const missing = ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"];
  return [
    ...wrong.map(([name, value]) => `${name} is ${sent[name]}, not ${value}`),
    ...(/\baccept-language\b/i.test(sent.vary ?? "") ? [] : [`vary is ${sent.vary}`]),
    ...missing.filter((part) => !policy.includes(part)).map((part) => `the policy has no ${part}`),
    ...(/unsafe|script-src|\*|data:/.test(policy) ? [`the policy is ${policy}`] : []),
  ];
}

/** In the page: what is written there. */
function inSource(language) {
  const findings = [];
  const hold = (isSo, what) => isSo || findings.push(what);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  hold(document.documentElement.lang === language, `the page is in ${document.documentElement.lang}, not ${language}`);
  hold(document.title.endsWith(" · Rotunda"), `the title is ${document.title}`);
  hold(all("h1").length === 1 && all("main").length === 1, "there is not one heading and one main part");
  hold(all("script, style, iframe, object, base, [style]").length === 0, "there is more than text and forms");
  const scripted = all("*").filter((at) => at.getAttributeNames().some((name) => name.startsWith("on")));
  hold(scripted.length === 0 && all('[href^="javascript:" i]').length === 0, "there are handlers of events");
  for (const at of all("[aria-describedby], [aria-labelledby]")) {
    const ids = `${at.getAttribute("aria-describedby") ?? ""} ${at.getAttribute("aria-labelledby") ?? ""}`.trim();
    for (const id of ids.split(/ +/)) hold(document.getElementById(id)?.textContent.trim(), `nothing is called ${id}`);
  }
  const ids = all("[id]").map((at) => at.id);
  hold(new Set(ids).size === ids.length, "two things have one id");
  const wrong = all("[aria-invalid=true]");
  const said = all("[role=alert]");
  hold(wrong.length === 0 || said.length > 0, "something is wrong, and nobody is told what");
  hold(said.length === 0 || /^(Error|Fehler): /.test(document.title), "the title does not tell of the error");
  hold(wrong.length === 0 || document.activeElement === wrong[0], "the cursor does not stand in the first wrong field");
  const focused = document.querySelector("[autofocus]");
  hold(!focused || document.activeElement === focused, `the cursor does not stand in ${focused?.name}`);
  for (const at of wrong) hold(at.getAttribute("aria-describedby"), `${at.name} does not say what is wrong`);
  for (const form of all("form")) {
    const name = form.getAttribute("action");
    // What looks for something changes nothing, and its address can be kept.
    const method = form.getAttribute("role") === "search" ? "get" : "post";
    hold(form.method === method && name.startsWith("/"), `a form goes to ${name} by ${form.method}`);
    hold(all("button[type=submit]", form).length === 1, `${name} has not got one button`);
    hold(all("[autocomplete=off]", form).length === 0, `${name} keeps password managers off`);
    const passwords = all("input[type=password]", form);
    const [first] = passwords;
    if (!first) continue;
    const users = all('input[autocomplete="username"], input[autocomplete="email"]', form);
    hold(users.length > 0, `${name}: password managers find no user name`);
    const before = users.filter((at) => at.compareDocumentPosition(first) & Node.DOCUMENT_POSITION_FOLLOWING);
    hold(before.length > 0, `${name}: the user name comes after the password`);
    for (const at of passwords) {
      hold(/^(current|new)-password$/.test(at.autocomplete), `${name}: ${at.name} is ${at.autocomplete}`);
      hold(at.getAttribute("value") === null, `${name}: a password was sent back`);
      hold(at.required, `${name}: ${at.name} may be empty`);
    }
    // Letters with capitals, and a red line beneath an address, are what phones make of it otherwise.
    for (const at of all("input[type=text]:not([hidden]), input[type=email]", form)) {
      hold(at.autocapitalize === "none" || at.autocapitalize === "off" || at.type === "email", `${at.name} gets capitals`);
    }
  }
  return findings;
}

/** Steps through all controls with the Tab key. The focus is where it was before. */
async function focus(page) {
  const { count, at } = await page.evaluate(controls, FOCUSABLE);
  for (let step = 0; step < at; step++) await tab(page, true);
  const order = [];
  const findings = [];
  for (let step = 0; step < count; step++) {
    if (step > 0 || at < 0) await tab(page);
    const { index, name, wrong } = await settled(() => page.evaluate(focused, FOCUSABLE));
    order.push(index);
    findings.push(...wrong.map((what) => `the focus on ${name} ${what}`));
  }
  for (let step = count - 1; step > Math.max(at, 0); step--) await tab(page, true);
  const expected = Array.from({ length: count }, (_, index) => index);
  const isInOrder = order.join() === expected.join();
  return isInOrder ? findings : [...findings, `the Tab key goes to ${order.join(", ")} of ${count} controls`];
}

/** What is found when nothing is wrong, or what is still wrong after two seconds: a busy browser scrolls and draws a moment later. */
async function settled(look) {
  let found;
  const isGood = async () => (found = await look()).wrong.length === 0;
  await until("the focus in sight", isGood, 2000).catch(() => {});
  return found ?? look();
}

/** In the page: how many controls there are, and which of them has the focus. */
function controls(focusable) {
  const all = [...document.querySelectorAll(focusable)].filter((at) => at.checkVisibility());
  return { count: all.length, at: all.indexOf(document.activeElement) };
}

/** In the page: what has the focus, and whether one sees it. */
function focused(focusable) {
  const all = [...document.querySelectorAll(focusable)].filter((at) => at.checkVisibility());
  const at = document.activeElement;
  const wrong = [];
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(at);
  if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) wrong.push("has no ring");
  const light = (colour) => {
    const linear = colour.match(/[\d.]+/g).slice(0, 3).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  let behind = at.parentElement;
  const isClear = (colour) => /^rgba\(.*, 0\)$/.test(colour) || colour === "transparent";
  while (behind.parentElement && isClear(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
  const both = [light(outlineColor), light(getComputedStyle(behind).backgroundColor)].sort((one, other) => other - one);
  const contrast = (both[0] + 0.05) / (both[1] + 0.05);
  if (contrast < 3) wrong.push(`has a ring with a contrast of ${contrast.toFixed(2)}`);
  const box = at.getBoundingClientRect();
  const isIn = box.bottom > 0 && box.top < innerHeight && box.width > 0;
  if (!isIn) wrong.push("is outside the window");
  return { index: all.indexOf(at), name: at.name || at.id || at.textContent.trim().slice(0, 40) || at.tagName, wrong };
}

/** In the page: what sticks out to the right, or is cut. */
function tooWide() {
  const most = document.documentElement.clientWidth;
  const all = [...document.querySelectorAll("body *")].filter((at) => at.checkVisibility());
  // What is drawn has a place and no width of its own.
  const isCut = (at) => !at.ownerSVGElement && at.scrollWidth > at.clientWidth + 1;
  const out = all.filter((at) => at.getBoundingClientRect().right > most + 0.5 || isCut(at));
  const named = out.filter((at) => getComputedStyle(at).display !== "inline" && at.tagName !== "INPUT");
  const isScrolled = document.scrollingElement.scrollWidth > most;
  return [...named.map((at) => `too wide: ${at.outerHTML.slice(0, 120)}`), ...(isScrolled ? ["scrolls sideways"] : [])];
}
