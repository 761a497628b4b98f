/**
 * Owns the attaching of the programs that count operations, while the agent runs. In: their descriptors. Out: links that hold them
 * to their hooks, and how many of their runs the kernel skipped.
 * @module
 */
import { attachTracing, objectInfo } from "../bpf.ts";
import type { KernelPort } from "../port.ts";
import { PROG_INFO } from "../uapi.ts";
import type { OpenOperations } from "./open.ts";

/** Attached programs; closing its descriptors detaches them. */
export interface AttachedOperations {
  readonly linkFds: readonly number[];
}

/** Has bpf() operations counted until detachOperations(), or until the process ends; -errno where that is refused. */
export function attachOperations(
  kernel: KernelPort,
  { enterFd, exitFd }: Pick<OpenOperations, "enterFd" | "exitFd">,
): AttachedOperations | number {
  // A load that is seen only where it ends has no duration; one that is seen only where it begins is not counted.
  const enter = attachTracing(kernel, enterFd);
  if (enter < 0) return enter;
  const exit = attachTracing(kernel, exitFd);
  if (exit >= 0) return { linkFds: [enter, exit] };
  kernel.close(enter);
  return exit;
}

export function detachOperations(
  kernel: KernelPort,
  { linkFds }: AttachedOperations,
): void {
  for (const fd of linkFds) kernel.close(fd);
}

/**
 * Runs of a program that the kernel skipped: it gave the CPU to another thread in the middle of one, and skips all others there until
 * that one has ended. Kernels that preempt themselves do (Debian's 7.3 under eight threads that do nothing but call bpf() on two
 * CPUs), and nothing that a program may do prevents it: preemption that it holds off comes where it lets go. Undefined where it does not tell. It asks by descriptor: on 5.10 that needs CAP_BPF
 * where unprivileged bpf() is off, on 6.1 and later nothing. Since 5.12.
 */
export function skippedRuns(
  kernel: KernelPort,
  programFd: number,
): number | undefined {
  const { recursion_misses: misses, size } = PROG_INFO;
  const info = kernel.allocate(size);
  const filled = objectInfo(kernel, programFd, info, size);
  return filled < misses.offset + misses.size
    ? undefined
    : misses.get(info.view, misses.offset);
}
