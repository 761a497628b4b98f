/**
 * Owns the file of a unix socket: what may be removed before listening, and who may use it afterwards. In: its path. Out: a path
 * that is free, or the reason why not.
 * @module
 */
import { connect } from "node:net";
import type { Clock } from "../clock.ts";
import { codeOf } from "./listen_error.ts";

/** Owner and group may connect; the owner is whoever runs the agent. */
const MODE = 0o660;
/** Somebody whose backlog is full is somebody. */
const ANSWERS_WITHIN_MS = 500;

/**
 * Removes a socket that nobody answers on. Anything else is left alone: whether it is in the way is found out on listening.
 * @throws {Error} with code `ENOTSOCK` where something else is at `path`, or what unlink fails with
 */
export async function clearLeftOver(path: string, clock: Clock): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
  } catch {
    return;
  }
  if (!found.isSocket) {
    throw Object.assign(new Error("not a socket"), { code: "ENOTSOCK" });
  }
  if (await answers(path, clock)) return;
  await Deno.remove(path);
}

/** @throws {Error} */
export async function restrict(path: string): Promise<void> {
  await Deno.chmod(path, MODE);
}

function answers(path: string, clock: Clock): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path });
  const cancel = clock.after(ANSWERS_WITHIN_MS, () => resolve(true));
  socket.once("connect", () => resolve(true));
  socket.once("error", (error) => resolve(codeOf(error) !== "ECONNREFUSED"));
  return promise.finally(() => {
    cancel();
    socket.destroy();
  });
}
