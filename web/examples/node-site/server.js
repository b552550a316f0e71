/** Starts the site. Its settings are in the environment. */

import { once } from "node:events";

import { Sessions } from "./src/sessions.js";
import { createSite } from "./src/site.js";
import { MemoryStore } from "./src/store.js";

const { ROTUNDA_URL, CLIENT_ID, CLIENT_SECRET, API, PORT = "3000" } = process.env;
const { ORIGIN = `http://localhost:${PORT}` } = process.env;

const sessions = new Sessions(new MemoryStore(), {
  baseUrl: ROTUNDA_URL, // https://auth.example.com
  clientId: CLIENT_ID, // rotunda client add shop --kind confidential
  clientSecret: CLIENT_SECRET,
  apis: [API], // who is shown access tokens
  timeoutMs: 5_000, // for an API to begin its answer
});
const site = createSite({ origin: ORIGIN, api: API, sessions });
site.listen(Number(PORT), "127.0.0.1");
await once(site, "listening");
console.log(`${ORIGIN} is ready`);

process.once("SIGTERM", () => site.close());
