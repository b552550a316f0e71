/**
 * A server with all that is around it in a browser: the proxy through which it is reached, and other people's origins.
 *
 * On localhost, as a developer has it, everything is http:
 *
 *     server.url  http://localhost:A        through the proxy
 *     app         http://localhost:B        the same site, another origin
 *     stranger    http://127.0.0.1:C        another site
 *
 * With `https: true`, as it is in production; the browsers of `browser.js` know the names:
 *
 *     server.url  https://auth.rotunda.test:A
 *     app         https://app.rotunda.test:B        registered in app_origins
 *     neighbour   https://neighbour.rotunda.test:C  the same site, not registered
 *     stranger    https://evil.test:D               another site
 */

import { fileURLToPath } from "node:url";

import { NAMES } from "./browser.js";
import { certificate } from "./certificate.js";
import { startProxy } from "./proxy.js";
import { startServer } from "./server.js";
import { startSite } from "./site.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Where the client is that was built. */
export const CLIENT = process.env.ROTUNDA_CLIENT ?? here("../client/dist/");

const FOLDERS = { "/client/": CLIENT, "/clients/": here("application/clients/"), "/": here("application/") };

/**
 * Starts all of it, and ends it with the test `t`. `server` are more lines of `[server]`, `config` sections of `rotunda.toml`, or a
 * function of the origins that answers them.
 */
export async function openGround({ t, https = false, config = "", server: lines = "", folders = FOLDERS } = {}) {
  const tls = https ? await certificate(NAMES) : undefined;
  const proxy = await startProxy({ tls });
  const app = await startSite({ tls, folders });
  const stranger = await startSite({ tls });
  const neighbour = await startSite({ tls });
  const origins = https
    ? {
        auth: `https://auth.rotunda.test:${proxy.port}`,
        app: `https://app.rotunda.test:${app.port}`,
        neighbour: `https://neighbour.rotunda.test:${neighbour.port}`,
        stranger: `https://evil.test:${stranger.port}`,
      }
    : {
        auth: `http://localhost:${proxy.port}`,
        app: `http://localhost:${app.port}`,
        neighbour: `http://localhost:${neighbour.port}`,
        stranger: `http://127.0.0.1:${stranger.port}`,
      };
  const production = `app_origins = ["${origins.app}"]\ntrusted_proxies = ["127.0.0.1/32"]\n`;
  let server;
  const close = async () => {
    await Promise.all([proxy.close(), app.close(), stranger.close(), neighbour.close()]);
    await server?.close();
  };
  t?.after(close);
  server = await startServer({
    publicUrl: origins.auth,
    server: (https ? production : "") + lines,
    config: `${https ? '[accounts]\nregistration = "unverified"\n' : ""}${typeof config === "function" ? config(origins) : config}`,
  });
  proxy.target = server.port;
  return { server, proxy, app, stranger, neighbour, origins, close };
}
