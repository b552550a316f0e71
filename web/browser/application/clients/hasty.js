/** Breaks the rule that only an answer that says so signs a user out: takes an outage for one. */

import { createClient as real } from "/client/index.js";

export function createClient(options) {
  const client = real(options);
  const state = () => (client.state.status === "degraded" ? { status: "signed-out", user: null } : client.state);
  const onChange = (listener) => client.onChange(() => listener(state()));
  return Object.defineProperty({ ...client, onChange }, "state", { get: state });
}
