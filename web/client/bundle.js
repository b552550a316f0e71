/** `npm run bundle`: how large the client is in an application that is built for browsers. */

import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The whole client, minified, as one ES module. */
export async function bundle() {
  const options = { entryPoints: [at("dist/index.js")], bundle: true, minify: true, format: "esm", target: "es2022", write: false };
  const { outputFiles } = await build(options);
  return outputFiles[0].contents;
}

/** Its size on the wire, in bytes. */
export const gzipped = (code) => gzipSync(code, { level: 9 }).length;

if (process.argv[1] === at("bundle.js")) {
  const code = await bundle();
  console.log(`${code.length} bytes minified, ${gzipped(code)} gzipped`);
}
