/**
 * Owns the attaching of the programs that count operations, while the agent runs. In: their descriptors. Out: links that hold them
 * to their hooks, and how many of their runs the kernel skipped.
 * @module
 */
import { attachTracing, objectInfo } from "../bpf.ts";
import type { KernelPort } from "../port.ts";
import { PROG_INFO } from "../uapi.ts";

/** Loaded programs that count once they are attached, by descriptor. */
export interface CountingPrograms {
  readonly enterFd: number;
  readonly exitFd: number;
  /** With `lsm` alone. */
  readonly checkFd?: number;
}

/** Attached programs; closing its descriptors detaches them. */
export interface AttachedOperations {
  readonly linkFds: readonly number[];
}

/** Descriptors of the programs, in the order in which they are to be attached. */
export function programFds(
  { enterFd, exitFd, checkFd }: CountingPrograms,
): number[] {
  // A load that is seen only where it ends has no duration; one that is seen only where it begins is not counted.
  return [enterFd, exitFd, ...(checkFd === undefined ? [] : [checkFd])];
}

/** Has bpf() operations counted until detachOperations(), or until the process ends; -errno where that is refused. */
export function attachOperations(
  kernel: KernelPort,
  programs: CountingPrograms,
): AttachedOperations | number {
  const linkFds: number[] = [];
  for (const fd of programFds(programs)) {
    const link = attachTracing(kernel, fd);
    if (link < 0) {
      detachOperations(kernel, { linkFds });
      return link;
    }
    linkFds.push(link);
  }
  return { linkFds };
}

export function detachOperations(
  kernel: KernelPort,
  { linkFds }: AttachedOperations,
): void {
  for (const fd of linkFds) kernel.close(fd);
}

/**
 * Runs of a program that the kernel skipped: it gave the CPU to another thread in the middle of one, and skips all others there until
 * that one has ended. Kernels that preempt themselves do: of eight threads that do nothing but call bpf() on two CPUs, Debian's 7.3
 * under emulation skipped a third. Nothing that a program may do prevents it: preemption that it holds off comes where it lets go, and
 * programs that may sleep are guarded in the same way. Undefined where it does not tell. It asks by descriptor: on 5.10 that needs
 * CAP_BPF where unprivileged bpf() is off, on 6.1 and later nothing. Since 5.12. Source: kernel/bpf/trampoline.c
 * __bpf_prog_enter_recur(), include/linux/bpf_verifier.h bpf_prog_check_recur().
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
