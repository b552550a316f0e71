/** A browser with one jar, as far as the site is concerned. What an answer sets is put into the jar when the test says so. */

import assert from "node:assert/strict";
import { request } from "node:http";

import { PASSWORD } from "./rotunda.js";

export class Visitor {
  jar = new Map();

  /** `site`: its address. */
  constructor(site) {
    this.site = site;
  }

  /** Asks, and takes what the answer sets. */
  async go(path, options) {
    return this.take(await this.ask(path, options));
  }

  /** Sends a form from a page of the site, and takes what the answer sets. */
  submit(path, fields = {}) {
    return this.go(path, { method: "POST", fields });
  }

  signIn(email, more = {}) {
    return this.submit("/login", { email, password: PASSWORD, remember: "yes", ...more });
  }

  /** `{ status, headers, page }`. `headers` replace those that a browser sends. */
  ask(path, { method = "GET", fields, headers = {} } = {}) {
    const cookie = [...this.jar].map((pair) => pair.join("=")).join("; ");
    const of_form = { origin: this.site, "content-type": "application/x-www-form-urlencoded" };
    const sent = { ...(cookie && { cookie }), ...(method === "POST" && of_form), ...headers };
    const options = { method, headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined)) };
    return new Promise((resolve, reject) => {
      const req = request(this.site + path, options, async (res) => {
        let page = "";
        for await (const chunk of res.setEncoding("utf8")) page += chunk;
        resolve({ status: res.statusCode, headers: res.headers, page });
      });
      req.on("error", reject);
      req.end(fields && new URLSearchParams(fields).toString());
    });
  }

  take(answer) {
    for (const set of answer.headers["set-cookie"] ?? []) {
      const [pair, ...attributes] = set.split("; ");
      const [name, value] = pair.split("=");
      if (attributes.includes("Max-Age=0")) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return answer;
  }
}

/** How many parts the dashboard has. */
export const PARTS = 8;

/** That an answer is the dashboard, with all of its parts. */
export function shows({ status, page }) {
  assert.equal(status, 200, page);
  assert.equal(page.match(/&quot;of&quot;/g)?.length, PARTS, page);
}

/** Whether somebody is asked to sign in. */
export const asksToSignIn = ({ headers, page }) =>
  page.includes('action="/login"') || (headers.location ?? "").startsWith("/login");
