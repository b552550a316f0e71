/**
 * An origin of somebody else's: the application that uses the server, a neighbour, or a page that means ill. Serves what it is
 * given, and nothing else.
 */

import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { extname, join, normalize } from "node:path";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** `folders` leads path prefixes to folders: `{ "/client/": "/…/dist/" }`. More is put there by `put`. */
export async function startSite({ tls, folders = {} } = {}) {
  const files = new Map();
  const answer = async (request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    const found = files.get(pathname) ?? (await inFolders(folders, pathname));
    if (!found) return response.writeHead(404, { "content-type": "text/plain" }).end("not here");
    const headers = { "content-type": found.type, "cache-control": "no-store", ...found.headers };
    response.writeHead(200, headers).end(found.body);
  };
  const server = tls ? https.createServer(tls, answer) : http.createServer(answer);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    /** A page at a path of this origin. */
    put: (path, body, { type = TYPES[".html"], headers = {} } = {}) => files.set(path, { body, type, headers }),
    async close() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function inFolders(folders, pathname) {
  for (const [prefix, folder] of Object.entries(folders)) {
    if (!pathname.startsWith(prefix)) continue;
    const path = normalize(join(folder, pathname.slice(prefix.length) || "index.html"));
    if (!path.startsWith(normalize(folder))) return undefined;
    const body = await readFile(path).catch(() => undefined);
    if (body) return { body, type: TYPES[extname(path)] ?? "application/octet-stream" };
  }
  return undefined;
}
