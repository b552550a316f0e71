/** The site in this process, as its `server.js` would start it: by itself, or several over one store. */

import { once } from "node:events";

import { Sessions } from "../src/sessions.js";
import { createSite } from "../src/site.js";
import { MemoryStore } from "../src/store.js";
import { freePort } from "./rotunda.js";

export class Site {
  /** What it has logged. */
  log = [];

  /** `rotunda` and `api`: their addresses; `store`: that of an earlier site, or of one beside it. */
  static async start({ rotunda, client, api, store = new MemoryStore(), options }) {
    const site = new Site();
    const port = await freePort();
    site.url = `http://localhost:${port}`;
    site.store = store;
    const sessions = new Sessions(store, { baseUrl: rotunda, ...client, apis: [api], ...options });
    site.server = createSite({ origin: site.url, api, sessions, log: (error) => site.log.push(error) });
    site.server.listen(port, "localhost");
    await once(site.server, "listening");
    return site;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
