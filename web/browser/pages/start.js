/**
 * Somebody who walks past pages, without JavaScript where the browser can be told so; each page is examined in each view, and what
 * the browser refused by a page's policy is a finding as well.
 */

import { examine, show } from "./examine.js";
import { Visitor } from "./visitor.js";

/** Fails the look at a page on whatever the browser refused by the page's policy. */
async function watch(browser, page, refused) {
  if (browser.name === "chromium") {
    page.on("console", (message) => /Content[- ]Security[- ]Policy|Refused to/i.test(message.text()) && refused.push(message.text()));
    return;
  }
  await page.evaluateOnNewDocument(() => {
    window.heldBack = [];
    const note = ({ effectiveDirective, blockedURI }) => window.heldBack.push(`${effectiveDirective}: ${blockedURI}`);
    document.addEventListener("securitypolicyviolation", note);
  });
}

/** Somebody who walks, and what was found wrong on the way. */
export async function start(browser, ground, { language, views }) {
  const context = await browser.context();
  const withScripts = (page, isOn) => (browser.name === "chromium" ? page.setJavaScriptEnabled(isOn) : undefined);
  const [refused, findings] = [[], []];
  ground.proxy.rewrite = (headers) => ({ ...headers, "accept-language": `${language}, fr;q=0.5` });
  const newPage = async () => {
    const page = await context.newPage();
    await watch(browser, page, refused);
    await withScripts(page, false);
    await show(page, views[0]);
    return page;
  };
  const look = async (visitor, name) => {
    const { page } = visitor;
    await withScripts(page, true);
    const found = await examine(visitor, { language, views, picture: `${browser.name}-${language}-${name}` });
    const noted = (await page.evaluate(() => window.heldBack)) ?? refused.splice(0);
    findings.push(...[...found, ...noted].map((what) => `${name}: ${what}`));
    await withScripts(page, false);
    await show(page, views[0]);
  };
  return { visitor: new Visitor({ origin: ground.origins.auth, look, newPage }), findings, context };
}
