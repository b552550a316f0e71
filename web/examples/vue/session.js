import { shallowRef } from "vue";
import { createClient } from "@rotunda/client";

export const client = createClient({ baseUrl: "http://localhost:8080" });

/** Who is signed in. One for the whole application. */
export const session = shallowRef(client.state);
client.onChange((state) => (session.value = state));
