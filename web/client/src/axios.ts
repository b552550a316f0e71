/** `import { intercept } from "@rotunda/client/axios"`: an instance of axios whose requests carry the access token. */

import type { Client } from "./client.js";
import { clock } from "./clock.js";
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

/** Beside a request's config, if its `Authorization` is ours: for which time it is sent. */
type Time = 1 | 2;

/** For how long an API that refuses fresh tokens is not believed, in milliseconds. */
const FRUITLESS_MS = 5000;

/**
 * Adds the access token to requests to allowed origins that have no `Authorization` of their own. A 401 has it refreshed and the
 * request sent again, once. Returns how to take that back.
 */
export function intercept(instance: Instance, client: Client): () => void {
  const { request, response } = instance.interceptors;
  const now = clock();
  let fruitless = -Infinity;
  const onRequest = request.use(async (config) => {
    const time: Time | undefined = config.rotunda;
    if ((!time && config.headers.has("Authorization")) || !client.covers(instance.getUri(config))) return config;
    const token = await client.token();
    if (token !== null) {
      config.headers.set("Authorization", `Bearer ${token}`);
      config.rotunda = time ?? 1;
    }
    return config;
  });
  const onResponse = response.use(undefined, async (error) => {
    const config = error?.config;
    const time: Time | undefined = config?.rotunda;
    if (error?.response?.status !== 401 || !time) throw error;
    if (time === 2) fruitless = now() + FRUITLESS_MS;
    if (now() < fruitless || isStream(config.data) || config.data?.pipe) throw error;
    const refused = String(config.headers.get("Authorization")).replace("Bearer ", "");
    if ((await client.token({ refused })) === null) throw error;
    return instance.request({ ...config, rotunda: 2 satisfies Time });
  });
  return () => {
    request.eject(onRequest);
    response.eject(onResponse);
  };
}
