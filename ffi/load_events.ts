/**
 * Owns the kernel's own stream of loads and unloads of BPF programs: perf events that count nothing and carry a record of each,
 * programs that live between two samples included, at no cost to anything that runs. In: a port. Out: one descriptor a CPU,
 * which whoever has it may read without any privilege, in this life of the process or a later one; and counts.
 * Source: kernel/events/core.c perf_event_bpf_event(), include/uapi/linux/perf_event.h. Since 5.1.
 * @module
 */
import { errnoName } from "./errno.ts";
import type { KernelPort } from "./port.ts";
import { readText } from "./procfs.ts";

/** Programs that were loaded and unloaded since the last read, and records of either kind that the kernel had no room for. */
export interface LoadCounts {
  readonly loaded: number;
  readonly unloaded: number;
  readonly lost: number;
}

const ONLINE_CPUS = "/sys/devices/system/cpu/online";
const PAGE_BYTES = 4096;
/** 40 bytes a record: some 3,000 a CPU between two reads. */
const BUFFER_BYTES = 32 * PAGE_BYTES;

const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_DUMMY = 9;
const ATTR_BYTES = 112;
/** As KernelPort.openPerfEvent() has it. */
const ALL_THREADS = -1;
const WATERMARK = 1 << 14;
/** Bit of `bpf_event` in the flags of the attribute. */
const BPF_EVENT = 1 << 30;
const PERF_RECORD_LOST = 2;
const PERF_RECORD_BPF_EVENT = 18;
const PROGRAM_LOADED = 1;
const PROGRAM_UNLOADED = 2;

/** A descriptor for each CPU that is online, or one sentence. Needs CAP_PERFMON (before 5.8 CAP_SYS_ADMIN). */
export function openLoadEvents(kernel: KernelPort): number[] | string {
  const cpus = listedCpus(readText(kernel, ONLINE_CPUS) ?? "");
  if (cpus.length === 0) return `${ONLINE_CPUS} cannot be read`;
  const attr = kernel.allocate(ATTR_BYTES);
  const { view } = attr;
  view.setUint32(0, PERF_TYPE_SOFTWARE, true);
  view.setUint32(4, ATTR_BYTES, true);
  view.setUint32(8, PERF_COUNT_SW_DUMMY, true);
  view.setUint32(40, (WATERMARK | BPF_EVENT) >>> 0, true);
  // Nobody waits for it.
  view.setUint32(48, BUFFER_BYTES, true);
  const fds: number[] = [];
  for (const cpu of cpus) {
    const fd = kernel.openPerfEvent(attr, ALL_THREADS, cpu);
    if (fd < 0) {
      for (const open of fds) kernel.close(open);
      return `perf_event_open failed: ${errnoName(-fd)}`;
    }
    fds.push(fd);
  }
  return fds;
}

/** As `0-3` or `0,2-3`. */
function listedCpus(text: string): number[] {
  return text.trim().split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return part === "" || !Number.isInteger(first) || !(last >= first)
      ? []
      : Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** Words of `struct perf_event_mmap_page`. */
const DATA_HEAD = 1024 / 4;
const DATA_TAIL = 1032 / 4;

/** Reads every CPU's records. What an earlier reader of the same descriptors has read is not read again. */
export class LoadEventReader {
  readonly #buffers: readonly Int32Array<ArrayBuffer>[];

  /** @param buffers what kernel.mapShared() answered for each descriptor */
  constructor(buffers: readonly ArrayBuffer[]) {
    this.#buffers = buffers.map((buffer) => new Int32Array(buffer));
  }

  /** Maps the descriptors of openLoadEvents(); one sentence where that is not possible. */
  static over(
    kernel: Pick<KernelPort, "mapShared">,
    fds: readonly number[],
  ): LoadEventReader | string {
    const buffers: ArrayBuffer[] = [];
    for (const fd of fds) {
      const buffer = kernel.mapShared(fd, PAGE_BYTES + BUFFER_BYTES);
      if (typeof buffer === "number") {
        return `mmap of a perf event failed: ${errnoName(-buffer)}`;
      }
      buffers.push(buffer);
    }
    return new LoadEventReader(buffers);
  }

  /** Undefined where nothing came since the last call. */
  read(): LoadCounts | undefined {
    let loaded = 0;
    let unloaded = 0;
    let lost = 0;
    for (const words of this.#buffers) {
      const mask = BUFFER_BYTES - 1;
      const word = (at: number) => words[(PAGE_BYTES + (at & mask)) >> 2];
      // Positions are u64; what lies between them fits the buffer, so their lower halves tell it.
      const head = Atomics.load(words, DATA_HEAD) >>> 0;
      let tail = words[DATA_TAIL] >>> 0;
      for (let left = (head - tail) >>> 0; left > 0;) {
        const type = word(tail);
        const size = word(tail + 4) >>> 16;
        // The kernel writes no such thing; whatever it is, nothing behind it can be told apart.
        if (size < 8 || size > left || left > BUFFER_BYTES) {
          lost++;
          tail = head;
          break;
        }
        if (type === PERF_RECORD_BPF_EVENT) {
          const what = word(tail + 8) & 0xffff;
          if (what === PROGRAM_LOADED) loaded++;
          else if (what === PROGRAM_UNLOADED) unloaded++;
        } else if (type === PERF_RECORD_LOST) {
          lost += word(tail + 16) >>> 0;
        }
        tail = (tail + size) >>> 0;
        left -= size;
      }
      this.#release(words, tail);
    }
    return loaded + unloaded + lost === 0
      ? undefined
      : { loaded, unloaded, lost };
  }

  /** The kernel compares whole positions: the upper half rises where the lower one comes round. */
  #release(words: Int32Array<ArrayBuffer>, tail: number): void {
    const before = words[DATA_TAIL] >>> 0;
    if (tail === before) return;
    if (tail < before) words[DATA_TAIL + 1]++;
    Atomics.store(words, DATA_TAIL, tail | 0);
  }
}
