/**
 * Owns perf_event_open(2) for tests: one software event, for programs that attach to perf events. In: nothing. Out: a
 * descriptor.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";

/** Source: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const PERF_EVENT_OPEN = Deno.build.arch === "x86_64" ? 298 : 241;
const ATTR_BYTES = 64;
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_CPU_CLOCK = 0;
const CLOSE_ON_EXEC = 8;
/** One sample in 100 seconds of CPU time: the program is attached, and does not run. */
const PERIOD_NS = 100_000_000_000n;

/** Opens the clock of CPU 0, for all processes: a descriptor, or -1 where the kernel refuses. */
export function openCpuClock(kernel: KernelPort): number {
  const libc = Deno.dlopen("libc.so.6", {
    syscall: {
      parameters: ["i32", "buffer", "i32", "i32", "i32", "u32"],
      result: "i32",
    },
  });
  const { view, bytes } = kernel.allocate(ATTR_BYTES);
  view.setUint32(0, PERF_TYPE_SOFTWARE, true);
  view.setUint32(4, ATTR_BYTES, true);
  view.setBigUint64(8, BigInt(PERF_COUNT_SW_CPU_CLOCK), true);
  view.setBigUint64(16, PERIOD_NS, true);
  try {
    const { syscall } = libc.symbols;
    return syscall(PERF_EVENT_OPEN, bytes, -1, 0, -1, CLOSE_ON_EXEC);
  } finally {
    libc.close();
  }
}
