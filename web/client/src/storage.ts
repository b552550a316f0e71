/**
 * Where what is kept of a session is kept. A book has one page; to change it is one step, which nothing else gets into.
 *
 * - In a browser: IndexedDB, whose transactions put all tabs in line. No token is in it, as no page ever sees one.
 * - Where that is blocked: this page's memory.
 * - Native: the application's secure storage, as one text, so that token and generation are written together.
 */

import { within, type After } from "./clock.js";
import { RotundaError } from "./errors.js";
import type { Kept } from "./keys.js";
import { line } from "./lock.js";

export interface Book {
  /**
   * Changes what is kept, at once for everybody who reads it, and answers with what is kept then. Rejects with
   * `storage_failed`. `isNew`: whatever is there, readable or not, is written over.
   */
  update(change: (now: Kept | null) => Kept | null, isNew?: boolean): Promise<Kept | null>;
}

/** Secure storage of a native client: a keychain, a keystore, a row of a database. One text, a few hundred bytes. */
export interface Storage {
  /** The text that was written last, or `null`. Rejects where it cannot be read now: that is no sign-out. */
  read(): Promise<string | null>;
  /** Done when it would survive a crash. */
  write(text: string): Promise<void>;
  /** The session is over. */
  clear(): Promise<void>;
  /** Runs `work` while nobody else does: only needed where several processes share this storage. */
  lock?<T>(work: () => Promise<T>): Promise<T>;
}

/** How long storage may take. */
const PATIENCE_MS = 2000;

/** The application's storage. Changes are made one after the other. */
export function native(storage: Storage, after: After): Book {
  const queue = line();
  const update: Book["update"] = async (change, isNew) => {
    const now = isNew ? null : parsed(await storage.read());
    const next = change(now);
    if (next === null) await (now && storage.clear());
    else if (next !== now) await storage.write(JSON.stringify({ v: 1, ...next }));
    return next;
  };
  return {
    update(change, isNew) {
      const work = (): Promise<Kept | null> => update(change, isNew);
      return inTime(after, storage.lock ? storage.lock(work) : queue.request("", work));
    },
  };
}

function parsed(text: string | null): Kept | null {
  if (!text) return null;
  const { v, ...kept } = JSON.parse(text) as Kept & { v: number };
  // Never taken for "no session": nobody is signed out because an older version of the app reads a newer one's text.
  if (v !== 1 || !kept.token) throw new TypeError("not of this version");
  return kept;
}

/** IndexedDB, or this page's memory: where there is none, where it is blocked, and for as long as it has not answered yet. */
export function indexed(name: string, after: After, factory: () => IDBFactory | undefined): Book {
  let own: Kept | null = null;
  let works: boolean | undefined;
  let isSilent = false;
  const answers = (): unknown => (isSilent = false);
  return {
    async update(change) {
      if (!isSilent) {
        // What comes too late changes nothing: it was done without.
        const work = changed(factory, name, (now) => (isSilent ? now : change(now)));
        try {
          const kept = await inTime(after, work);
          works = true;
          return kept;
        } catch (error) {
          // It did work once, so other tabs have it: a page that went on alone would make keys that they do not know.
          if (works) throw error;
          isSilent = true;
          work.then(answers, answers);
        }
      }
      return (own = change(own));
    },
  };
}

/** One transaction. Opened and closed for it: there is one in many minutes, and what is not open cannot have been lost. */
function changed(factory: () => IDBFactory | undefined, name: string, change: (now: Kept | null) => Kept | null): Promise<Kept | null> {
  return new Promise((resolve, reject) => {
    // Where storage is blocked, to look at it throws already.
    const opening = factory()!.open("rotunda", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("sessions");
    opening.onerror = reject;
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("sessions", "readwrite");
      const store = transaction.objectStore("sessions");
      const read = store.get(name);
      let next: Kept | null;
      read.onsuccess = () => {
        next = change(read.result ?? null);
        store.put(next, name);
      };
      transaction.oncomplete = () => resolve(next);
      transaction.onabort = reject;
      // Once the transaction is over.
      opening.result.close();
    };
  });
}

/** What goes wrong with storage says nothing about the session. */
export function failed(cause: unknown): RotundaError {
  return new RotundaError("unavailable", "storage_failed", { cause });
}

const inTime = <T>(after: After, work: Promise<T>): Promise<T> =>
  within(PATIENCE_MS, after, work).catch((cause) => {
    throw failed(cause);
  });
