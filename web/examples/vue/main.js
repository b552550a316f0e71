import { createApp, h, ref } from "vue";

import { client, session } from "./session.js";

/** What the server refuses it says in words for people; everything else is about the network. */
const inWords = ({ kind, message }) => (kind === "denied" ? message : "We cannot be reached just now. Try again in a moment.");

const signOut = () => client.logout().catch((error) => alert(`Still signed in. ${inWords(error)}`));

/** As a render function, so that no compiler of templates is needed; a `.vue` file does the same. */
const SignIn = {
  setup() {
    const problem = ref("");
    async function submit(event) {
      event.preventDefault();
      try {
        await client.login(Object.fromEntries(new FormData(event.target)));
      } catch (error) {
        problem.value = inWords(error);
      }
    }
    return () =>
      h("form", { onSubmit: submit }, [
        h("label", ["E-mail ", h("input", { name: "email", type: "email", autocomplete: "username", required: true })]),
        h("label", ["Password ", h("input", { name: "password", type: "password", autocomplete: "current-password", required: true })]),
        h("button", "Sign in"),
        h("p", { role: "alert" }, problem.value),
      ]);
  },
};

const App = () => {
  const { status, user } = session.value;
  if (status === "unknown") return h("p", "One moment …");
  if (status === "signed-out") return h(SignIn);
  const said = `Signed in${user ? ` as ${user.email}` : ""}${status === "degraded" ? "; offline just now" : ""}`;
  return h("main", [h("p", { role: "status" }, said), h("button", { onClick: signOut }, "Sign out")]);
};

createApp(App).mount("#app");
