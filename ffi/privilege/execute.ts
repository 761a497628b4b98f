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
 * @returns only when it failed: one sentence
 */
export function executeAgain(
  control: ProcessControl,
  kernel: KernelPort,
): string {
  const strings = commandLine(kernel);
  if (strings === undefined) {
    return "Cannot execute the agent again: expected its arguments in /proc/self/cmdline, found none";
  }
  const self = new TextEncoder().encode(SELF);
  const target = control.readLink(SELF);
  const path = typeof target === "number" ||
      new TextDecoder().decode(target).endsWith(REMOVED)
    ? self
    : target;
  let errno = -control.execute(path, strings);
  // The path may lead through folders that the user of the second life cannot enter; this one leads straight to the file.
  if (path !== self) {
    const straight = -control.execute(self, strings);
    if (straight !== 0) errno = straight;
  }
  return `Cannot execute the agent again: ${
    new TextDecoder().decode(path)
  } answers ${errnoName(errno)}`;
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
