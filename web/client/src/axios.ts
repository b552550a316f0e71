/** `import { intercept } from "@rotunda/client/axios"`: an instance of axios whose requests carry the access token. */

import type { Client } from "./client.js";
import { isStream } from "./fetch.js";

/** What is used of an instance of axios. */
interface Instance {
  interceptors: {
    request: { use(fulfilled: (config: any) => any): number; eject(id: number): void };
    response: { use(fulfilled: undefined, rejected: (error: any) => any): number; eject(id: number): void };
  };
  request(config: any): Promise<any>;
  getUri(config: any): string;
}

/** Beside a request's config: the token that it was sent with, and whether it is sent for the second time. */
interface Sent {
  sent: string;
  second?: true;
}

/**
 * Adds the access token to requests to allowed origins that have no `Authorization` of their own. A 401 has it refreshed and the
 * request sent again, once. Returns how to take that back.
 */
export function intercept(instance: Instance, client: Client): () => void {
  const { request, response } = instance.interceptors;
  const onRequest = request.use(async (config) => {
    const before: Sent | undefined = config.rotunda;
    if ((!before && config.headers.has("Authorization")) || !client.covers(instance.getUri(config))) return config;
    const token = await client.token(before && { refused: before.sent });
    if (token !== null) {
      config.headers.set("Authorization", `Bearer ${token}`);
      config.rotunda = { ...before, sent: token };
    }
    return config;
  });
  const onResponse = response.use(undefined, async (error) => {
    const config = error?.config;
    const before: Sent | undefined = config?.rotunda;
    if (error?.response?.status !== 401 || !before || before.second || isStream(config.data)) throw error;
    if ((await client.token({ refused: before.sent })) === null) throw error;
    return instance.request({ ...config, rotunda: { ...before, second: true } });
  });
  return () => {
    request.eject(onRequest);
    response.eject(onResponse);
  };
}
