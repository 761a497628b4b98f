/**
 * Owns what handlers share. In: nothing. Out: types of the request's surroundings and of the log that is injected.
 * @module
 */
import type { HttpBindings } from "@hono/node-server";
import type { Log } from "../log.ts";

/** `outgoing` is there when the request came over a socket, and not when a test made it. */
export interface HttpEnv {
  Bindings: Partial<HttpBindings>;
}

export type HttpLog = Pick<Log, "error">;
