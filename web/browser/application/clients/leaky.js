/** Breaks the rule that tokens are in memory only: keeps one where every script can read it. */

import { createClient as real } from "/client/index.js";

export function createClient(options) {
  const client = real(options);
  client.onChange(async ({ status }) => {
    if (status === "signed-in") localStorage.setItem("token", await client.token());
  });
  return client;
}
