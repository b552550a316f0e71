/**
 * Somebody who has a keyboard and nothing else. They reach every link, field and button with Tab and Shift+Tab, and press Enter.
 *
 * 1. `open`, `follow` and `send` lead to a page, and say what the page is called here.
 * 2. Whatever page they come to is looked at (`look`): a page cannot be walked past.
 */

import assert from "node:assert/strict";

import { PATIENCE, until } from "../until.js";

/** The most steps from anywhere on a page to anywhere else. */
const MOST_STEPS = 200;

export class Visitor {
  /** `look(visitor, name)` is called on each page, with the document's answer in `visitor.answer`. */
  constructor({ origin, look, newPage }) {
    Object.assign(this, { origin, look, newPage, page: undefined, answer: undefined, names: [] });
  }

  /** Goes on in a tab of its own, which `newPage` opens. */
  async inNewTab() {
    const page = await this.newPage();
    await this.page?.close();
    // Nothing has the focus in a tab that nobody sees.
    await page.bringToFront();
    page.setDefaultTimeout(PATIENCE);
    this.page = page;
    page.on("response", (response) => {
      const request = response.request();
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) this.answer = response;
    });
  }

  /** Types an address. */
  async open(name, path) {
    await this.page.goto(this.origin + path, { waitUntil: "load" });
    await this.#arrived(name);
  }

  /** Goes to a link by its path, and takes it. */
  async follow(name, path) {
    await this.#tabTo({ link: path });
    await this.#enter();
    await this.#arrived(name);
  }

  /** Fills in the form that goes to this path, and presses Enter: in its last field, or on its button. */
  async send(name, action, fields = {}) {
    await this.#fill(action, fields);
    await this.#enter();
    await this.#arrived(name);
  }

  /**
   * The same where the answer is a file, and the page stays. WebDriver BiDi waits for a page that never comes: they go on in
   * another tab.
   */
  async fetch(action, fields, proxy) {
    await this.#fill(action, fields);
    const before = proxy.requests(action).length;
    await this.page.keyboard.press("Enter");
    const answered = () => proxy.requests(action).slice(before).find(({ status }) => status);
    const answer = await until(`an answer from ${action}`, async () => answered());
    await this.inNewTab();
    return answer;
  }

  async #fill(action, fields) {
    for (const [field, text] of Object.entries(fields)) {
      await this.#tabTo({ action, field });
      if (text === true) {
        await this.page.keyboard.press(" ");
        continue;
      }
      await this.page.keyboard.down("Control");
      await this.page.keyboard.press("a");
      await this.page.keyboard.up("Control");
      await this.page.keyboard.type(text);
    }
    if (Object.keys(fields).length === 0) await this.#tabTo({ action });
  }

  async #enter() {
    await Promise.all([this.page.waitForNavigation(), this.page.keyboard.press("Enter")]);
  }

  async #arrived(name) {
    this.names.push(name);
    // Firefox moves the focus a moment after the page is there. Where it never comes, `look` says so.
    await until("the focus", () => this.page.evaluate(hasFocus)).catch(() => {});
    await this.look(this, name);
  }

  /** To a link, a field of a form, or the button of a form without one. */
  async #tabTo(wanted) {
    const what = `${JSON.stringify(wanted)} of ${this.page.url()}`;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const way = await this.page.evaluate(wayTo, wanted, FOCUSABLE);
      assert.notEqual(way, "nowhere", `there is no ${what}`);
      if (way === "here") return;
      await tab(this.page, way === "backward");
    }
    assert.fail(`the Tab key does not reach ${what}`);
  }
}

/** What can have the focus. */
export const FOCUSABLE = "a[href], button, input:not([type=hidden], [hidden]), select, textarea, summary, [tabindex]";

/** One step of the focus. */
export async function tab(page, backward = false) {
  if (backward) await page.keyboard.down("Shift");
  await page.keyboard.press("Tab");
  if (backward) await page.keyboard.up("Shift");
}

/** In the page: whether the focus is where the page wants it. */
function hasFocus() {
  const wanted = document.querySelector("[autofocus]");
  return !wanted || document.activeElement === wanted;
}

/** In the page: where what is wanted stands, seen from what has the focus. */
function wayTo({ link, action, field }, focusable) {
  const isWanted = (at) => {
    if (link) return Boolean(at.href) && new URL(at.href).pathname === link;
    return at.form?.getAttribute("action") === action && (field ? at.name === field : at.type === "submit");
  };
  const focused = document.activeElement;
  if (isWanted(focused)) return "here";
  const target = [...document.querySelectorAll(focusable)].filter((at) => at.checkVisibility()).find(isWanted);
  if (!target) return "nowhere";
  const isBefore = focused.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING;
  return isBefore ? "backward" : "forward";
}
