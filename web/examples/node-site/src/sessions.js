/**
 * The sessions of the site's users at Rotunda.
 *
 * 1. A sign-in makes a ticket, signs the user in with the site's own secret, and stores what came of it.
 * 2. A request with a ticket gets the session's client, one for each session and process: requests that come together share
 *    one refresh. Of two processes with one store each may ask; inside the window Rotunda gives both the same.
 * 3. Every request looks into the store. What another process has signed out is gone here too.
 * 4. Nothing is refreshed unless somebody asks for something: a session whose user has left ends as it should.
 */

import { AsyncLocalStorage } from "node:async_hooks";

import { RotundaError, createClient } from "@rotunda/client";

import { Ticket } from "./ticket.js";

/** The life of a record from its last refresh on, in milliseconds: that of a session which is not used, and no shorter. */
const LIFE = 31 * 24 * 3600 * 1000;
/** So many sessions have their access token in memory. Others are asked for one when their user comes again. */
const MOST = 10_000;

export class Sessions {
  #store;
  #options;
  /** By ticket; those that were used last come last. */
  #live = new Map();
  #visitor = new AsyncLocalStorage();

  /** `options`: those of `createClient`. */
  constructor(store, options) {
    this.#store = store;
    const send = options.fetch ?? fetch;
    this.#options = { ...options, mode: "native", fetch: (url, init) => send(url, this.#onBehalf(init)) };
  }

  /** Does something for a visitor, whose address and browser Rotunda is told: it shows users their devices. */
  for(req, work) {
    const hops = [req.headers["x-forwarded-for"], req.socket.remoteAddress].filter(Boolean);
    return this.#visitor.run({ "x-forwarded-for": hops.join(", "), "user-agent": req.headers["user-agent"] ?? "" }, work);
  }

  /** Signs somebody in, and answers the ticket. Rejects as `login` does. */
  async begin(credentials) {
    const ticket = Ticket.make();
    const client = this.#client(this.#place(ticket, false));
    await client.login(credentials);
    this.#live.set(ticket.name, client);
    return ticket;
  }

  /** The client of a session; `null` for somebody who has none. Rejects when the store does. */
  async of(ticket) {
    if (ticket === null) return null;
    if ((await this.#store.get(ticket.name)) === null) {
      this.#live.delete(ticket.name);
      return null;
    }
    const client = this.#live.get(ticket.name) ?? this.#client(this.#place(ticket, true));
    this.#live.delete(ticket.name);
    this.#live.set(ticket.name, client);
    if (this.#live.size > MOST) this.#live.delete(this.#live.keys().next().value);
    return client;
  }

  /** Forgets a session that is over. */
  async forget(ticket) {
    this.#live.delete(ticket.name);
    await this.#store.delete(ticket.name);
  }

  /**
   * Signs out: here, and then at Rotunda. Rejects when the store does not answer, for then nobody is signed out. When Rotunda
   * does not, `log` is told: without the record the ticket opens nothing any more.
   */
  async end(ticket, log) {
    const sealed = ticket && (await this.#store.get(ticket.name));
    if (!sealed) return;
    await this.forget(ticket);
    const text = ticket.open(sealed);
    const client = this.#client({ read: async () => text, write: async () => {}, clear: async () => {} });
    await client.logout().catch((error) => {
      if (!(error instanceof RotundaError)) throw error;
      log(error);
    });
  }

  #client(storage) {
    return createClient({ ...this.#options, storage });
  }

  /** Where the client of a session keeps it. The first record is put there, all others in its place. */
  #place(ticket, begun) {
    const store = this.#store;
    return {
      async read() {
        const sealed = await store.get(ticket.name);
        return sealed === null ? null : ticket.open(sealed);
      },
      async write(text) {
        await store[begun ? "replace" : "set"](ticket.name, ticket.seal(text), LIFE);
        begun = true;
      },
      clear: () => store.delete(ticket.name),
      ...(store.lock && { lock: (work) => store.lock(ticket.name, work) }),
    };
  }

  #onBehalf(init = {}) {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(this.#visitor.getStore() ?? {})) headers.set(name, value);
    return { ...init, headers };
  }
}
