/**
 * Owns the links that the process has open of its own programs, whichever thread opened them. In: ids of the programs. Out: descriptors,
 * or their end. Source: kernel/bpf/syscall.c bpf_link_show_fdinfo(), since 5.7.
 * @module
 */
import { type KernelPort, listDirectory, readText } from "../../ffi/process.ts";

const DESCRIPTORS = "/proc/self/fdinfo";

/** Descriptors of links that hold one of these programs. */
export function openLinksOf(
  kernel: KernelPort,
  programIds: readonly number[],
): number[] {
  return (listDirectory(kernel, DESCRIPTORS) ?? []).filter((name) => {
    const text = readText(kernel, `${DESCRIPTORS}/${name}`);
    const [, id] = text?.match(/^link_type:[^]*^prog_id:\t(\d+)$/m) ?? [];
    return id !== undefined && programIds.includes(Number(id));
  }).map(Number);
}

/** Detaches what an earlier life of the worker left in the process. */
export function closeLinksOf(
  kernel: KernelPort,
  programIds: readonly number[],
): void {
  for (const fd of openLinksOf(kernel, programIds)) kernel.close(fd);
}
