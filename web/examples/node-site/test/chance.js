/** Chance that is the same in every run. */

let state = 20;

/** A number from 0 to below `bound` (mulberry32). */
export function chance(bound) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % bound;
}

/** The same things in another order. */
export function shuffled(things) {
  const left = [...things];
  return things.map(() => left.splice(chance(left.length), 1)[0]);
}
