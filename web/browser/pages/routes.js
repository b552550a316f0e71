/**
 * The routes of the hosted pages, read from the source: whatever is added to the router is found here, and a test asks why it
 * does not know it. The routes that programs call are written with another macro and stand in `/openapi.json`.
 */

import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("../../../crates/server/src/", import.meta.url));

/** Each as `GET /login`, in order. Throws for a route whose path it cannot read. */
export async function pageRoutes() {
  const inFolder = async (folder) =>
    (await readdir(join(SERVER, folder), { recursive: true })).map((name) => join(SERVER, folder, name));
  const found = (await Promise.all(["pages", "admin/console"].map(inFolder))).flat();
  const files = [join(SERVER, "routes.rs"), ...found.filter((name) => name.endsWith(".rs"))];
  const routes = (await Promise.all(files.map(inFile))).flat();
  return [...new Set(routes)].sort();
}

async function inFile(file) {
  const text = await readFile(file, "utf8");
  // Up to the next one, or to the end of the statement.
  const found = [...text.matchAll(/\.route\(\s*("[^"]*"|[\w:]+),([^;]*?)(?=\.route\(|\.merge\(|\.layer\(|;|\n\})/g)];
  const routes = found.map(async ([, path, handlers]) => {
    const methods = ["get", "post"].filter((method) => new RegExp(`\\b${method}\\(`).test(handlers));
    if (methods.length === 0) throw new Error(`${file}: no method that is known here at ${path}`);
    const named = path.startsWith('"') ? path.slice(1, -1) : await constant(path, file, text);
    return methods.map((method) => `${method.toUpperCase()} ${named}`);
  });
  return (await Promise.all(routes)).flat();
}

/** What a constant says: one of this file, or of a module beside it, as in `password::PATH`. */
async function constant(path, file, text) {
  const [name, module] = path.split("::").reverse();
  const source = module ? await readFile(join(dirname(file), `${module}.rs`), "utf8") : text;
  const found = new RegExp(`const ${name}: &str = "([^"]*)"`).exec(source);
  if (!found) throw new Error(`${file}: where does ${path} lead?`);
  return found[1];
}
