/**
 * Owns the process's limit of locked memory. In: nothing. Out: no limit, where that may be changed. Kernels before 5.11 charge
 * maps, programs and links to it, root's as well, and 64 kB, the usual limit there, are soon spent.
 * Source: kernel/bpf/syscall.c __bpf_map_charge_memlock() of 5.10.
 * @module
 */
import { loadLibc } from "./libc.ts";

/** Source: include/uapi/asm-generic/resource.h. */
const RLIMIT_MEMLOCK = 8;
const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;

/** Takes the limit away. Without CAP_SYS_RESOURCE all stays as it was: what is then refused is told where it is. */
export function unlimitLockedMemory(): void {
  const { setrlimit } = loadLibc({
    /** int setrlimit(int resource, const struct rlimit *rlim); */
    setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  });
  // The soft and the hard limit. At least 64 bytes, as all that C is given.
  setrlimit(RLIMIT_MEMLOCK, new BigUint64Array(8).fill(RLIM_INFINITY));
}
