/**
 * What tabs of one origin tell each other, from memory to memory: a fresh access token, and that the session is over. Without
 * `BroadcastChannel` each tab finds out by itself.
 */

import type { SessionAnswer } from "./answer.js";

export interface Granted {
  /** The server's answer. On a page it has no refresh token. */
  readonly answer: SessionAnswer;
  /** How many milliseconds ago it was asked for, when this was sent. */
  readonly age: number;
  /** When it was sent, by the device's time of day, which both tabs share: a frozen tab hears late. */
  readonly at: number;
}

export interface Ended {
  /** The session, where the tab knew which it is. */
  readonly ended: string | undefined;
  readonly reason: string | undefined;
}

export type News = Granted | Ended;

/** What is used of a `BroadcastChannel`. */
export interface Channel {
  postMessage(news: News): void;
  close(): void;
}

export function channel(name: string, heard: (news: unknown) => void): Channel | undefined {
  try {
    const open = new BroadcastChannel(name);
    // In Node it would keep the process from ending.
    (open as { unref?: () => void }).unref?.();
    open.onmessage = ({ data }) => heard(data);
    return open;
  } catch {
    return undefined;
  }
}
