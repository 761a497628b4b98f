/**
 * Owns the descriptors by which the process keeps run-time statistics on, whichever thread opened them. In: what lists a process's
 * descriptors. Out: their end. Source: kernel/bpf/syscall.c bpf_enable_runtime_stats(), since 5.8.
 * @module
 */
import {
  type KernelPort,
  listDirectory,
  openReadLink,
  type ReadLink,
} from "../../ffi/process.ts";

const DESCRIPTORS = "/proc/self/fd";
const STATS = "anon_inode:bpf-stats";
const decoder = new TextDecoder();

/** Ends what an earlier life of the worker left on. */
export function closeStatsOf(
  kernel: KernelPort,
  readLink: ReadLink = openReadLink(),
): void {
  for (const name of listDirectory(kernel, DESCRIPTORS) ?? []) {
    const target = readLink(`${DESCRIPTORS}/${name}`);
    if (typeof target === "number") continue;
    if (decoder.decode(target) === STATS) kernel.close(Number(name));
  }
}
