import { useState, useSyncExternalStore, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "@rotunda/client";

const client = createClient({ baseUrl: "http://localhost:8080" });

/** Who is signed in; renders again when that changes. */
const useSession = () => useSyncExternalStore(client.onChange, () => client.state);

const signOut = () => client.logout().catch((error) => alert(`Still signed in. ${inWords(error)}`));

function App() {
  const { status, user, reason } = useSession();
  if (status === "unknown") return <p>One moment …</p>;
  if (status === "signed-out") return <SignIn hadCopy={reason === "reused"} />;
  return (
    <main>
      <p role="status">
        Signed in{user && ` as ${user.email}`}
        {status === "degraded" && "; offline just now"}
      </p>
      <button onClick={signOut}>Sign out</button>
    </main>
  );
}

/** What the server refuses it says in words for people; everything else is about the network. */
const inWords = ({ kind, message }) => (kind === "denied" ? message : "We cannot be reached just now. Try again in a moment.");

function SignIn({ hadCopy }) {
  const [problem, setProblem] = useState("");
  const submit = (form) => client.login(Object.fromEntries(form)).catch((error) => setProblem(inWords(error)));
  return (
    <form action={submit}>
      {hadCopy && <p role="alert">Somebody had a copy of your session, so it was ended.</p>}
      <label>
        E-mail <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button>Sign in</button>
      <p role="alert">{problem}</p>
    </form>
  );
}

createRoot(document.getElementById("app")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
