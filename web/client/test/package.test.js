/** What is published: its size, its types, its README, and the examples that are built on it. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { build } from "esbuild";

import { bundle, gzipped } from "../bundle.js";
import { ENDINGS, ERRORS, REASONS } from "../dist/reasons.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const EXAMPLES = join(PACKAGE, "../examples");
/** What is promised, in bytes on the wire. */
const MOST = 6000;

test("it has less than 6 kB, and needs nothing", async (t) => {
  const size = gzipped(await bundle());
  t.diagnostic(`${size} bytes gzipped`);
  assert.ok(size < MOST, `${size} bytes`);
  const { dependencies, peerDependencies } = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8"));
  assert.deepEqual([dependencies, peerDependencies], [undefined, undefined]);
});

test("the closed lists are there", () => {
  for (const list of [ENDINGS, ERRORS, REASONS]) assert.equal(new Set(list).size, list.length);
  for (const name of ["session_ended", "token_reused", "token_stale", "token_missing", "generation_mismatch"]) assert.ok(REASONS.includes(name));
  for (const name of ["logged_out", "logged_out_everywhere", "revoked_by_user"]) assert.ok(ENDINGS.includes(name));
  assert.ok(ERRORS.includes("invalid_token"));
});

for (const [name, entry] of Object.entries({ plain: "main.js", react: "main.jsx", vue: "main.js" })) {
  test(`the example for ${name} is built`, async (t) => {
    const { outputFiles, warnings } = await build({
      entryPoints: [join(EXAMPLES, name, entry)],
      bundle: true,
      minify: true,
      format: "esm",
      jsx: "automatic",
      write: false,
      // Every example has an own copy of these where it is tried out; here they are this package's.
      nodePaths: [join(PACKAGE, "node_modules")],
      alias: { "@rotunda/client": join(PACKAGE, "dist/index.js") },
      define: { "process.env.NODE_ENV": '"production"', __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
    });
    assert.deepEqual(warnings, []);
    const text = outputFiles[0].text;
    assert.match(text, /\/auth\/refresh/, "the client is in it");
    t.diagnostic(`${gzipped(outputFiles[0].contents)} bytes gzipped`);
    const html = await readFile(join(EXAMPLES, name, "index.html"), "utf8");
    assert.match(html, /src="dist\/main\.js"/);
    const { scripts } = JSON.parse(await readFile(join(EXAMPLES, name, "package.json"), "utf8"));
    assert.ok(scripts.build.includes(` ${entry} `));
  });
}

/** The code blocks of the README that have a file's name, put into a folder beside the package, and checked by the compiler. */
test("what the README shows is right", async () => {
  const readme = await readFile(join(PACKAGE, "README.md"), "utf8");
  const files = [...readme.matchAll(/^```\w+ (\S+\.tsx?)\n(.*?)^```$/gms)].map(([, name, code]) => [name, code]);
  assert.ok(files.length >= 5, "no code was found");
  const folder = await mkdtemp(join(tmpdir(), "rotunda-readme-"));
  try {
    await mkdir(join(folder, "node_modules/@rotunda"), { recursive: true });
    await symlink(PACKAGE, join(folder, "node_modules/@rotunda/client"));
    for (const name of (await readdir(join(PACKAGE, "node_modules"))).filter((it) => !it.startsWith("."))) {
      if (name !== "@rotunda") await symlink(join(PACKAGE, "node_modules", name), join(folder, "node_modules", name));
    }
    for (const [name, code] of files) await writeFile(join(folder, name), code);
    await writeFile(join(folder, "package.json"), '{"type": "module"}');
    const compilerOptions = { strict: true, noEmit: true, target: "es2022", module: "nodenext", jsx: "react-jsx", lib: ["es2023", "dom", "dom.iterable"], skipLibCheck: true, types: [] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts", "*.tsx"] }));
    const checked = await promisify(execFile)(join(PACKAGE, "node_modules/.bin/tsc"), ["-p", folder]).catch((error) => error);
    assert.equal(checked.stdout, "", checked.stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
});
