/** When a page may have slept, or been offline, and looks again. */

/** `resume`: Chromium, a tab that was frozen. `pageshow`: also out of the back-forward cache. */
const EVENTS = ["visibilitychange", "resume", "pageshow", "online"];

/** Calls `listener` whenever the page comes to life; returns how to stop that. */
export function wake(listener: () => void): () => void {
  const stop = new AbortController();
  const heard = (): void => {
    if (document.visibilityState !== "hidden") listener();
  };
  // React Native and Node have no page.
  for (const name of globalThis.document ? EVENTS : []) addEventListener(name, heard, { signal: stop.signal });
  return () => stop.abort();
}
