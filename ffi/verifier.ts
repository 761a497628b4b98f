/**
 * Owns the loading of programs that a kernel may refuse. In: a program. Out: its descriptor, or why not: the errno, the
 * verifier's last word, and the end of its log. A log costs time and memory, so a program is loaded with one only after it
 * was refused without. Source: kernel/bpf/verifier.c, kernel/bpf/log.c.
 * @module
 */
import { loadProgram, type ProgramSpec } from "./bpf.ts";
import { errnoName } from "./errno.ts";
import type { KernelPort } from "./port.ts";
import { textAt } from "./struct.ts";

/** A program that this kernel does not load. */
export interface Refusal {
  /** positive */
  readonly errno: number;
  /** One line: the verifier's complaint, or the errno's name where it says nothing, as without privilege. */
  readonly reason: string;
  /** Lines of the log, the last ones; empty where there are none. */
  readonly log: readonly string[];
}

/** Room for a long way through a program. A log that is longer loses its end, since 6.4 its beginning. */
const LOG_BYTES = 1 << 20;
const LAST_LINES = 20;
/** What follows a complaint: sums of the work done. */
const SUMS = /^(processed \d+ insns|verification time|stack depth|insns |$)/;

/** A descriptor of the loaded program, or why there is none. */
export function loadOrRefusal(
  kernel: KernelPort,
  spec: Omit<ProgramSpec, "log">,
): number | Refusal {
  const first = loadProgram(kernel, spec);
  if (first >= 0) return first;
  const buffer = kernel.allocate(LOG_BYTES);
  const second = loadProgram(kernel, { ...spec, log: { buffer, level: 1 } });
  // What fails for want of memory or a descriptor may work a moment later.
  if (second >= 0) return second;
  const log = textAt(buffer.view, 0, LOG_BYTES).trimEnd().split("\n");
  // It is big, and the next refusal brings its own.
  buffer.bytes.buffer.transfer(0);
  const told = log.filter((line) => !SUMS.test(line));
  return {
    errno: -first,
    reason: told.at(-1) ?? errnoName(-first),
    log: told.slice(-LAST_LINES),
  };
}
