/** `@rotunda/client`: sessions of Rotunda in browsers, React Native and Node. */

export { createClient } from "./client.js";
export type { Client, Credentials, NativeOptions, Newcomer, Options, WebOptions } from "./client.js";
export { RotundaError } from "./errors.js";
export type { ClientCode, Kind } from "./errors.js";
export type { Ending, ErrorCode, Reason } from "./reasons.js";
export type { Session, User } from "./answer.js";
export type { Listener, State } from "./state.js";
export type { Storage } from "./storage.js";
