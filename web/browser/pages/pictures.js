/**
 * Takes the pictures of pages for the guide, in Chromium: `ROTUNDA_BINARY=… node pages/pictures.js`, then
 * `pngquant --ext .png --force docs/guide/pictures/*.png`. What they show is the walk of the tests.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { openBrowser } from "../browser.js";
import { openGround } from "../ground.js";
import { show } from "./examine.js";
import { Visitor } from "./visitor.js";
import { CONFIG, walk } from "./walk.js";

const FOLDER = fileURLToPath(new URL("../../../docs/guide/pictures/", import.meta.url));

/** By what a page is called on the walk. */
const WANTED = {
  login: { file: "sign-in.png", width: 720, height: 620, theme: "light" },
  "register-refused": { file: "register-dark.png", width: 720, height: 720, theme: "dark" },
  "account-theft": { file: "account.png", width: 820, height: 1120, theme: "light" },
};

const browser = await openBrowser("chromium");
const ground = await openGround({ config: CONFIG });
try {
  const context = await browser.context();
  const look = async ({ page }, name) => {
    const { file, ...view } = WANTED[name] ?? {};
    if (!file) return;
    await show(page, view);
    await page.screenshot({ path: join(FOLDER, file) });
  };
  await walk(new Visitor({ origin: ground.origins.auth, look, newPage: () => context.newPage() }), ground);
} finally {
  await ground.close();
  await browser.close();
}
