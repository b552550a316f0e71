/**
 * What a client keeps of its session: the app, or whoever copied everything from it. Plain data, so that it can be sent
 * to another tab.
 */

/** How many generations' retry keys are kept. */
const MOST_KEYS = 4;

/** From the answer that began the session. */
export function holderOf(body, now) {
  const holder = { session: body.session.id, device: body.device_secret, keys: [] };
  keep(holder, body, now);
  return holder;
}

/** Keeps what an answer brought, and never an older token over a newer one. */
export function keep(holder, body, now) {
  const { id, generation } = body.session;
  if (id !== holder.session || generation < holder.generation) return;
  holder.generation = generation;
  holder.token = body.refresh_token;
  holder.device = body.device_secret ?? holder.device;
  holder.access = body.access_token;
  holder.accessUntil = now + body.expires_in * 1_000;
  holder.refreshAfter = body.refresh_after;
}

/** Makes the retry key with which a generation is left, if there is none, and forgets those of long ago. */
export function withKey(holder, make) {
  if (!holder.keys.some((key) => key.generation === holder.generation)) {
    const kept = holder.keys.filter((key) => key.generation > holder.generation - MOST_KEYS);
    holder.keys = [...kept, { generation: holder.generation, key: make() }];
  }
  return holder.keys.map((key) => key.key);
}
