/** Who uses the client in these tests: somebody in a browser, with a jar, and somebody with an app, with a storage. */

import { createClient } from "../dist/index.js";
import { PASSWORD } from "./rotunda.js";

let count = 0;
export const address = () => `user${++count}.${process.pid}@example.com`;

/** A cookie jar around `fetch`: what a browser does beside the page, as far as it matters here. */
export class Jar {
  cookies = new Map();

  /** Each tab has its own, so that it is a page of its own. */
  tab(base, wrap = fetch) {
    return async (url, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("origin", base);
      headers.set("cookie", [...this.cookies].filter(([name]) => fits(name, new URL(url).pathname)).map((it) => it.join("=")).join("; "));
      const response = await wrap(url, { ...init, headers });
      for (const line of response.headers.getSetCookie()) {
        const [pair] = line.split(";");
        const [name, value] = pair.split("=");
        if (/max-age=0/i.test(line)) this.cookies.delete(name);
        else this.cookies.set(name, value);
      }
      return response;
    };
  }
}

const fits = (name, path) => !name.endsWith("_refresh") || path === "/auth/refresh";

/** Storage as an app has it. */
export class Shelf {
  text = null;
  fails = false;
  writes = 0;

  async read() {
    if (this.fails) throw new Error("the keychain is locked");
    return this.text;
  }

  async write(text) {
    if (this.fails) throw new Error("the keychain is locked");
    this.writes += 1;
    this.text = text;
  }

  async clear() {
    this.text = null;
  }
}

/** A page that is signed in; `options` go to its client. */
export async function page(rotunda, baseUrl = rotunda.url, options = {}) {
  const jar = options.jar ?? new Jar();
  const client = createClient({ baseUrl, fetch: jar.tab(rotunda.url, options.wrap), apis: options.apis });
  const email = options.email ?? address();
  if (!options.jar) await client.register({ email, password: PASSWORD });
  return { client, jar, email };
}

/** An app that is signed in. */
export async function app(rotunda, baseUrl = rotunda.url, options = {}) {
  const storage = options.storage ?? new Shelf();
  const client = createClient({ baseUrl, mode: "native", storage, fetch: options.wrap, apis: options.apis, timeoutMs: 2000 });
  const email = address();
  if (!options.storage) await client.register({ email, password: PASSWORD });
  return { client, storage, email };
}

/** The error that a call rejects with. */
export const errorOf = (call) => call.then((it) => assertNever(it), (error) => error);

function assertNever(it) {
  throw new Error(`was to be refused, and answered ${JSON.stringify(it)}`);
}
