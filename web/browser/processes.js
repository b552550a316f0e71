/** Linux processes, read from `/proc`: which of a browser's processes runs a page. */

import { readFileSync, readdirSync } from "node:fs";

/** All descendants of a process. */
export function descendants(root) {
  const children = new Map();
  for (const name of readdirSync("/proc")) {
    const found = /^\d+$/.test(name) && stat(Number(name));
    if (found) children.set(found.parent, [...(children.get(found.parent) ?? []), Number(name)]);
  }
  const all = [];
  for (const queue = [root]; queue.length > 0; ) {
    const next = children.get(queue.shift()) ?? [];
    all.push(...next);
    queue.push(...next);
  }
  return all;
}

/** Whether it runs, or waits to: neither gone nor a zombie. */
export const isAlive = (pid) => !["Z", "X", undefined].includes(stat(pid)?.state);

/** Whether it was stopped by a signal. */
export const isStopped = (pid) => stat(pid)?.state === "T";

/** The time that each of these has spent computing, in clock ticks. */
export const timeSpent = (pids) => new Map(pids.map((pid) => [pid, stat(pid)?.spent ?? 0]));

/** Those among them that Firefox runs pages in. */
export function contentProcesses(pids) {
  return pids.filter((pid) => read(`/proc/${pid}/cmdline`)?.includes("-isForBrowser"));
}

function stat(pid) {
  const text = read(`/proc/${pid}/stat`);
  if (!text) return undefined;
  // The name stands in parentheses and may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0], parent: Number(fields[1]), spent: Number(fields[11]) + Number(fields[12]) };
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
