/** What scripts of a page can read: cookies, storages, databases, caches; and which secrets are found there. */

/** Everything, as pairs of a place and a text. */
export function readable(page) {
  return page.evaluate(async () => {
    const found = [["document.cookie", document.cookie], ["window.name", window.name]];
    found.push(["history.state", JSON.stringify(history.state) ?? ""], ["location", location.href]);
    found.push(["the document", document.documentElement.outerHTML]);
    for (const [name, storage] of [["localStorage", localStorage], ["sessionStorage", sessionStorage]]) {
      for (const key of Object.keys(storage)) found.push([name, `${key} ${storage.getItem(key)}`]);
    }
    const asText = (value, seen = new Set()) => {
      if (typeof value !== "object" || value === null) return String(value);
      if (seen.has(value)) return "";
      seen.add(value);
      if (value instanceof ArrayBuffer) return String.fromCharCode(...new Uint8Array(value));
      if (ArrayBuffer.isView(value)) return asText(value.buffer, seen);
      const inside = value instanceof Map || value instanceof Set ? [...value].flat() : Object.entries(value).flat();
      return inside.map((item) => asText(item, seen)).join(" ");
    };
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = request.onblocked = () => reject(request.error ?? new Error("blocked"));
      });
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([done(objects.getAllKeys()), done(objects.getAll())]);
        keys.forEach((key, at) => found.push([`IndexedDB ${name}/${store}`, `${asText(key)} ${asText(values[at])}`]));
      }
      database.close();
    }
    // Only where the page is one that may have caches.
    for (const name of (await globalThis.caches?.keys()) ?? []) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const response = await cache.match(request);
        found.push([`caches ${name}`, `${request.url} ${await response.text()}`]);
      }
    }
    return found;
  });
}

/**
 * The places where one of these secrets stands, whole or in part, or something that looks like one. Says where, not what.
 */
export function secretsIn(found, secrets) {
  // Of a JWT its claims and its signature; its header is the same in all of them.
  const parts = [...secrets].flatMap((secret) => secret.split(".")).filter((part) => part.length >= 40);
  const looks = /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|\br[tdp]1_[\w-]{10,}/;
  const holds = (text) => looks.test(text) || parts.some((part) => text.includes(part));
  return [...new Set(found.filter(([, text]) => holds(text)).map(([place]) => place))];
}
