/**
 * An application as its author writes it, and a notebook of what happens in it, which the tests read: `window.notes`.
 *
 * The address says where the server is (`?auth=`) and which client is used (`&client=`): the real one, or one of `clients/` that
 * breaks a rule, with which the checks show that they notice.
 */

const query = new URLSearchParams(location.search);
const auth = query.get("auth");

const notes = {
  /** How often the client said that the user is signed out, who was not before. */
  signOuts: 0,
  /** Every state that it was in, with what it said of the reason. */
  states: [],
  /** Calls that went well. */
  good: 0,
  /** Calls that did not, by kind and reason. */
  bad: {},
  /** The longest call, in milliseconds. */
  longest: 0,
  /** Refreshes that this page has under way, and has sent. */
  refreshing: 0,
  refreshes: 0,
};
window.notes = notes;

// What the page sends is counted where every client has to pass.
const ask = window.fetch.bind(window);
window.fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input, location.href);
  // A name that no resolver knows.
  if (window.astray && url.origin === auth) return ask(new URL(url.pathname, "http://nowhere.invalid"), init);
  if (!url.pathname.endsWith("/auth/refresh")) return ask(input, init);
  notes.refreshes += 1;
  notes.refreshing += 1;
  try {
    return await ask(input, init);
  } finally {
    notes.refreshing -= 1;
  }
};

const { createClient } = await import(query.has("client") ? `/clients/${query.get("client")}.js` : "/client/index.js");
const client = createClient({ baseUrl: auth });
window.client = client;

let last = client.state.status;
client.onChange((state = client.state) => {
  notes.states.push({ status: state.status, reason: state.reason });
  if (state.status === "signed-out" && ["signed-in", "degraded"].includes(last)) notes.signOuts += 1;
  last = state.status;
  document.querySelector("[role=status]").textContent = state.status;
});

/** One call of the application, noted. */
window.call = async () => {
  const began = performance.now();
  try {
    const response = await client.fetch(`${auth}/auth/me`);
    const body = await response.json();
    const refused = { kind: "answer", reason: `${response.status} ${body.reason}` };
    if (!response.ok) throw Object.assign(new Error("an answer"), refused);
    notes.good += 1;
    return "good";
  } catch (error) {
    const what = [error.kind ?? error.name, error.reason ?? error.code].filter(Boolean).join(" ");
    notes.bad[what] = (notes.bad[what] ?? 0) + 1;
    return what;
  } finally {
    notes.longest = Math.max(notes.longest, performance.now() - began);
  }
};

/** Calls again and again, with pauses, until `window.resting` is set. */
window.work = async (pause) => {
  window.resting = false;
  while (!window.resting) {
    await window.call();
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
};

window.ready = true;
