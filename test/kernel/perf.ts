/**
 * Owns perf_event_open(2) for tests: events, for programs that attach to perf events. In: nothing. Out:
 * descriptors.
 * @module
 */
import { type KernelPort, readNumber } from "../../ffi/mod.ts";
import { bufferOf, bytesOf } from "./attr.ts";

/** Source: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const PERF_EVENT_OPEN = Deno.build.arch === "x86_64" ? 298 : 241;
const ATTR_BYTES = 72;
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_CPU_CLOCK = 0;
const CLOSE_ON_EXEC = 8;
/** One sample in 100 seconds of CPU time: the program is attached, and does not run. */
const PERIOD_NS = 100_000_000_000n;

/**
 * A file for uprobes that nobody maps. A probe is written into every private mapping of its file, of code or not: one in a
 * program breaks whoever starts that program meanwhile.
 */
export class ProbedFile implements Disposable {
  readonly path = Deno.makeTempFileSync({ prefix: "bpfpulse_probed_" });
  /** Where probes may be. */
  readonly offsets = [4096, 4112] as const;

  constructor() {
    Deno.writeFileSync(this.path, new Uint8Array(8192));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path);
  }
}

const UPROBE_TYPE = "/sys/bus/event_source/devices/uprobe/type";
const PERF_TYPE_TRACEPOINT = 2;
/** Ids are given to events as they are found at boot; a kernel has some 1,000. */
const MOST_EVENTS = 4_000;

/** Opens the clock of CPU 0, for all processes: a descriptor, or -1 where the kernel refuses. */
export function openCpuClock(kernel: KernelPort): number {
  return openEvent(kernel, (view) => {
    view.setUint32(0, PERF_TYPE_SOFTWARE, true);
    view.setBigUint64(8, BigInt(PERF_COUNT_SW_CPU_CLOCK), true);
    view.setBigUint64(16, PERIOD_NS, true);
  });
}

/** Opens the first tracepoints that there are, at most `count`. */
export function openTracepoints(kernel: KernelPort, count: number): number[] {
  const opened: number[] = [];
  for (let id = 1; id < MOST_EVENTS && opened.length < count; id++) {
    const fd = openEvent(kernel, (view) => {
      view.setUint32(0, PERF_TYPE_TRACEPOINT, true);
      view.setBigUint64(8, BigInt(id), true);
      // A sample in so many hits that none is taken.
      view.setBigUint64(16, PERIOD_NS, true);
    });
    if (fd >= 0) opened.push(fd);
  }
  return opened;
}

/** Opens a uprobe, or answers -1 where the kernel refuses. */
export function openUprobe(kernel: KernelPort, file: ProbedFile): number {
  const type = readNumber(kernel, UPROBE_TYPE);
  if (type === undefined) return -1;
  const path = bufferOf(kernel, bytesOf(file.path));
  return openEvent(kernel, (view) => {
    view.setUint32(0, type, true);
    view.setUint32(56, path.addressLow, true);
    view.setUint32(60, path.addressHigh, true);
    view.setBigUint64(64, BigInt(file.offsets[0]), true);
  });
}

function openEvent(
  kernel: KernelPort,
  describe: (attr: DataView) => void,
): number {
  const libc = Deno.dlopen("libc.so.6", {
    syscall: {
      parameters: ["i32", "buffer", "i32", "i32", "i32", "u32"],
      result: "i32",
    },
  });
  const { view, bytes } = kernel.allocate(ATTR_BYTES);
  view.setUint32(4, ATTR_BYTES, true);
  describe(view);
  try {
    const { syscall } = libc.symbols;
    return syscall(PERF_EVENT_OPEN, bytes, -1, 0, -1, CLOSE_ON_EXEC);
  } finally {
    libc.close();
  }
}
