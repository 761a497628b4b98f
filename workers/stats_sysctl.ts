/**
 * Owns the sysctl that keeps run-time statistics on. In: a port. Out: whether it does.
 * @module
 */
import { type KernelPort, readNumber } from "../ffi/sampling.ts";

const PATH = "/proc/sys/kernel/bpf_stats_enabled";

/** Whether `kernel.bpf_stats_enabled` is 1; undefined where it cannot be read. Since 5.1. */
export function sysctlKeepsStats(kernel: KernelPort): boolean | undefined {
  const value = readNumber(kernel, PATH);
  return value === undefined ? undefined : value !== 0;
}
