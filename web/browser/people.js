/** Somebody with tabs of the application, and what their tabs have noted. */

import { PASSWORD } from "./server.js";
import { until } from "./until.js";

/** Opens the application in a tab; `client` names one of `application/clients`. */
export async function openTab(context, app, auth, client) {
  const page = await context.newPage();
  const query = new URLSearchParams({ auth, ...(client && { client }) });
  await page.goto(`${app}/?${query}`);
  await until("the application", () => page.evaluate(() => window.ready));
  return page;
}

/** Makes an account in this tab, and is signed in. */
export const register = (page, email) =>
  page.evaluate((email, password) => window.client.register({ email, password }).then(() => {}), email, PASSWORD);

/** Has the application call the server again and again. */
export const work = (page, pause) => page.evaluate((pause) => void window.work(pause), pause);

/** What has happened in this tab, and the state that its client is in. */
export const noted = (page) => page.evaluate(() => ({ ...window.notes, status: window.client.state.status }));
