/**
 * Owns what the kernel tells of a descriptor's object in /proc/self/fdinfo. In: a descriptor of a map or a program. Out: bytes
 * that the kernel accounts to it. Three system calls, some 10 µs; no privilege beyond having the descriptor.
 * Source: kernel/bpf/syscall.c bpf_map_show_fdinfo(), bpf_prog_show_fdinfo().
 * @module
 */
import type { KernelPort } from "./port.ts";
import { readText } from "./procfs.ts";

/** How many system calls accountedBytes() makes. */
export const FDINFO_CALLS = 4;

/** `memlock`, since 4.10; undefined where it cannot be read, or is not told. */
export function accountedBytes(
  kernel: KernelPort,
  fd: number,
): number | undefined {
  const text = readText(kernel, `/proc/self/fdinfo/${fd}`);
  const found = text?.match(/^memlock:\t(\d+)$/m);
  return found ? Number(found[1]) : undefined;
}
