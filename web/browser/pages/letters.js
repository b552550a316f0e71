/** The letters that the server writes into its folder while there is no mail server. */

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import { until } from "../until.js";

/** Reads each letter once: `await letters("verify_email")` is the path and query of the link in the next one of that kind. */
export function openLetters(server) {
  const folder = join(server.folder, "rotunda-data/mail");
  const read = new Set();
  return (kind) =>
    until(`a letter ${kind}`, async () => {
      const names = (await readdir(folder)).filter((name) => name.includes(`-${kind}-`) && name.endsWith(".eml"));
      const next = names.sort().find((name) => !read.has(name));
      const link = next && /https?:\/\/[^/\s]+(\/\w+\?token=\S+)/.exec(plain(await readFile(join(folder, next), "utf8")));
      if (link) read.add(next);
      return link?.[1];
    });
}

/** Quoted-printable, as far as links need it. */
const plain = (text) => text.replace(/=\r?\n/g, "").replaceAll("=3D", "=");
