/** Somebody who reads the demo with the keyboard alone. */

import { until } from "../until.js";

/** How many controls are passed at most on the way to one. */
const MOST_STEPS = 60;

export class Reader {
  /** @param page puppeteer's page, at `/demo` */
  constructor(page) {
    this.page = page;
  }

  /** Waits until a control with this text can be pressed, goes there from control to control, and presses it. */
  async press(text) {
    await until(`a button "${text}" that can be pressed`, () => this.page.evaluate(canBePressed, text));
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const way = await this.page.evaluate(wayTo, text);
      if (way === "here") return this.page.keyboard.press("Enter");
      if (way === "back") await this.page.keyboard.down("Shift");
      await this.page.keyboard.press("Tab");
      if (way === "back") await this.page.keyboard.up("Shift");
    }
    throw new Error(`the keyboard does not reach "${text}"`);
  }

  /** The list of what happened: what is said of each, and what was sent and answered. */
  lines() {
    return this.page.$$eval(".log li", (items) =>
      items.map((item) => ({ says: item.firstChild.textContent.trim(), wire: item.querySelector("code")?.textContent ?? null })),
    );
  }

  /** Only what was sent and answered. */
  async wires() {
    return (await this.lines()).map(({ wire }) => wire).filter(Boolean);
  }

  /** Waits for so many requests with answers. */
  async answers(count) {
    await until(`${count} answers`, async () => (await this.wires()).length >= count);
    return this.wires();
  }

  /** Waits until the window after the last rotation has passed. */
  async windowPasses() {
    await until("the end of the window", async () => {
      const lines = await this.lines();
      const at = (test) => lines.findLastIndex(test);
      return at(({ says }) => says === "The window has passed.") > at(({ says }) => / traded |The server went on/.test(says));
    });
  }

  /** What the picture shows: the tokens on its arrows in the order of drawing, and its words. */
  picture() {
    return this.page.$eval(".drawing", (drawing) => ({
      arrows: drawing.querySelectorAll("polygon").length,
      rules: [...drawing.querySelectorAll(".rule")].map((text) => text.textContent),
      bars: [...drawing.querySelectorAll(":scope > .small")].map((text) => text.textContent),
    }));
  }

  heading() {
    return this.page.$eval(".panel h2", (heading) => heading.textContent);
  }
}

function canBePressed(text) {
  const found = [...document.querySelectorAll("button, a")].find((element) => element.textContent === text && element.checkVisibility());
  return Boolean(found) && found.getAttribute("aria-disabled") !== "true";
}

/** Whether the focus is there already, or lies before it or behind it. */
function wayTo(text) {
  const { activeElement } = document;
  if (activeElement?.textContent === text && activeElement.matches("button, a")) return "here";
  const target = [...document.querySelectorAll("button, a")].find((element) => element.textContent === text && element.checkVisibility());
  const isBefore = activeElement !== document.body && activeElement.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING;
  return isBefore ? "back" : "on";
}
