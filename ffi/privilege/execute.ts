/**
 * Owns how a process begins anew as itself. In: nothing but what /proc tells of it. Out: another life with the same pid, arguments
 * and environment, in which only the calling thread's credentials count; signals that come between the two wait for the second.
 * @module
 */
import { errnoName } from "../errno.ts";
import { Fd } from "../fd.ts";
import type { KernelPort } from "../port.ts";
import type { ProcessControl } from "./control.ts";

const SELF = "/proc/self/exe";
/** What the kernel adds to the path of a file that was replaced or removed. Source: fs/d_path.c. */
const REMOVED = " (deleted)";
/** SIGHUP, SIGINT, SIGTERM: the same numbers on every architecture. */
const HELD_SIGNALS = [1, 2, 15];

/**
 * Executes this process's own executable with its own arguments, byte for byte. Everything that is not written yet is lost.
 * @param compiled whether it is a program made by `deno compile`: that opens its own file once more, by its path, so that it cannot
 * begin anew where another has the path by now or the path cannot be followed
 * @returns only when it failed: one sentence
 */
export function executeAgain(
  control: ProcessControl,
  kernel: KernelPort,
  compiled = Deno.build.standalone,
): string {
  const strings = commandLine(kernel);
  if (strings === undefined) {
    return failure("expected its arguments in /proc/self/cmdline, found none");
  }
  const target = control.readLink(SELF);
  if (typeof target === "number" && compiled) {
    return failure(`${SELF} answers ${errnoName(-target)}`);
  }
  const paths: Uint8Array<ArrayBuffer>[] = [];
  if (typeof target !== "number" && !endsWith(target, REMOVED)) {
    paths.push(target);
  }
  // It leads straight to the file, whatever became of its path.
  if (!compiled) paths.push(new TextEncoder().encode(SELF));
  let reason = "its file was replaced or removed since it began";
  for (const path of paths) {
    const answer = errnoName(-control.execute(path, strings));
    reason = `${new TextDecoder().decode(path)} answers ${answer}`;
  }
  return failure(reason);
}

function failure(reason: string): string {
  return `Cannot execute the agent again: ${reason}`;
}

function endsWith(bytes: Uint8Array, end: string): boolean {
  return new TextDecoder().decode(bytes).endsWith(end);
}

/** The arguments as the kernel was given them: no text, for they need not be valid UTF-8. */
function commandLine(
  kernel: KernelPort,
): Uint8Array<ArrayBuffer>[] | undefined {
  const number = kernel.open("/proc/self/cmdline");
  if (number < 0) return undefined;
  using fd = new Fd(kernel, number);
  const chunk = new Uint8Array(4096);
  const strings: Uint8Array<ArrayBuffer>[] = [];
  let open: number[] = [];
  for (;;) {
    const length = kernel.read(fd.number, chunk);
    if (length < 0) return undefined;
    if (length === 0) return strings.length > 0 ? strings : undefined;
    for (const byte of chunk.subarray(0, length)) {
      if (byte !== 0) {
        open.push(byte);
      } else {
        strings.push(new Uint8Array(open));
        open = [];
      }
    }
  }
}

/**
 * Has SIGHUP, SIGINT and SIGTERM wait for releaseSignals(). The mask is the calling thread's: one that comes while others run
 * still ends the process; from execve(2) on, which ends the others, it waits, and every later thread inherits the mask.
 */
export function holdSignals(control: ProcessControl): void {
  control.maskSignals(true, HELD_SIGNALS);
}

/** Lets them come, those that waited first: whoever wants them listens by now. */
export function releaseSignals(control: ProcessControl): void {
  control.maskSignals(false, HELD_SIGNALS);
}
