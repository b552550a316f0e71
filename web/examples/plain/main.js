import { createClient } from "@rotunda/client";

const client = createClient({ baseUrl: "http://localhost:8080" });

const [status, form, problem, signOut] = ["status", "sign-in", "problem", "sign-out"].map((id) => document.getElementById(id));

const WORDS = {
  unknown: () => "One moment …",
  "signed-in": ({ user }) => `Signed in as ${user.email}`,
  "signed-out": ({ reason }) => (reason === "reused" ? "Signed out: somebody had a copy of your session." : "Signed out"),
  degraded: ({ user }) => (user ? `Signed in as ${user.email}; offline just now` : "Offline just now"),
};

/** What the server refuses it says in words for people; everything else is about the network. */
const inWords = ({ kind, message }) => (kind === "denied" ? message : "We cannot be reached just now. Try again in a moment.");

function show(state) {
  status.textContent = WORDS[state.status](state);
  form.hidden = state.status !== "signed-out";
  signOut.hidden = state.user === null;
}

client.onChange(show);
show(client.state);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  try {
    await client.login(Object.fromEntries(new FormData(form)));
    form.reset();
  } catch (error) {
    problem.textContent = inWords(error);
  }
});

signOut.addEventListener("click", () => client.logout().catch((error) => (status.textContent = `Still signed in. ${inWords(error)}`)));
