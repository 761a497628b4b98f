/**
 * Owns the descriptors by which the process keeps run-time statistics on, whichever thread opened them. In: what lists a process's
 * descriptors. Out: their end. Source: kernel/bpf/syscall.c bpf_enable_runtime_stats(), since 5.8.
 * @module
 */
import { openProcessControl, type ProcessControl } from "../../ffi/process.ts";
import { type KernelPort, listDirectory } from "../../ffi/sampling.ts";

const DESCRIPTORS = "/proc/self/fd";
const STATS = "anon_inode:bpf-stats";
const decoder = new TextDecoder();

/** Ends what an earlier life of the worker left on. @param control is called once they must be looked for */
export function closeStatsOf(
  kernel: KernelPort,
  control: () => Pick<ProcessControl, "readLink"> = openProcessControl,
): void {
  const links = control();
  for (const name of listDirectory(kernel, DESCRIPTORS) ?? []) {
    const target = links.readLink(`${DESCRIPTORS}/${name}`);
    if (typeof target === "number") continue;
    if (decoder.decode(target) === STATS) kernel.close(Number(name));
  }
}
