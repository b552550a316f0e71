/**
 * Where the site keeps the sessions of its users: here in memory, so that they end with the process.
 *
 * Anything that can keep a text under a name for a while will do, as Redis or a table of your database does: `GET`, `SET … PX`,
 * `SET … XX PX`, `DEL`. Processes that share one need nothing else from each other. A store that is away must reject, never
 * answer `null`: `null` means that nobody is signed in under that name.
 *
 * `lock` may be left out. With it, two processes that refresh at the same moment have one retry key and not two, so that
 * neither needs the window.
 */
export class MemoryStore {
  #entries = new Map();
  #turns = new Map();
  #now;

  /** `now`: the time in milliseconds. */
  constructor(now = Date.now) {
    this.#now = now;
  }

  /** The text, or `null`. */
  async get(name) {
    const entry = this.#entries.get(name);
    return entry && entry.until > this.#now() ? entry.text : null;
  }

  /** Keeps it for `life` milliseconds from now, in place of what was there. */
  async set(name, text, life) {
    this.#forgetOld();
    this.#put(name, text, life);
  }

  /** The same, if there is anything in its place: what a sign-out has taken away does not come back. */
  async replace(name, text, life) {
    this.#forgetOld();
    if (this.#entries.has(name)) this.#put(name, text, life);
  }

  async delete(name) {
    this.#entries.delete(name);
  }

  /** Does the work while nobody else does any under this name. */
  lock(name, work) {
    const mine = (this.#turns.get(name) ?? Promise.resolve()).then(work);
    const done = mine.then(() => {}, () => {}).then(() => this.#turns.get(name) === done && this.#turns.delete(name));
    this.#turns.set(name, done);
    return mine;
  }

  /** Everything that somebody would see who got hold of the store. */
  dump() {
    return JSON.stringify([...this.#entries]);
  }

  #put(name, text, life) {
    // Put at the end, so that the oldest come first.
    this.#entries.delete(name);
    this.#entries.set(name, { text, until: this.#now() + life });
  }

  #forgetOld() {
    for (const [name, { until }] of this.#entries) {
      if (until > this.#now()) break;
      this.#entries.delete(name);
    }
  }
}
