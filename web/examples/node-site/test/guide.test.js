/** What `docs/guide/server-rendered.md` shows is what stands here. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const SITE = new URL("..", import.meta.url);
const GUIDE = new URL("../../../docs/guide/server-rendered.md", SITE);

test("each piece of code on the page is in the file that it names", async () => {
  const blocks = [...(await readFile(GUIDE, "utf8")).matchAll(/^```js (\S+\.js)\n(.*?)^```$/gms)];
  assert.ok(blocks.length > 5, `${blocks.length}`);
  for (const [, name, code] of blocks) {
    const file = await readFile(new URL(name, SITE), "utf8");
    assert.ok(file.includes(code), `${name} has no longer\n${code}`);
  }
});
