/**
 * Owns the maps that prove formulas of memory: some of each type, small, with different sizes, flags and fill. In: a port, the
 * kernel's BTF. Out: open maps, or why there is none of a type. They hang by their descriptors alone.
 * @module
 */
import {
  type Btf,
  createMap,
  errnoName,
  Fd,
  type KernelBuffer,
  type KernelPort,
  loadBtf,
  MAP_TYPES,
  updateElement,
} from "../../ffi/mod.ts";

/** One map to make. */
interface Sample {
  readonly key: number;
  readonly value: number;
  readonly max: number;
  readonly flags?: number;
  /** How many elements it is given. */
  readonly fill?: number;
}

/** A map that was made. */
export interface SampleMap {
  readonly type: string;
  readonly fd: number;
}

const NO_PREALLOC = 1 << 0;
const NO_COMMON_LRU = 1 << 1;
const MMAPABLE = 1 << 10;
const LINK = 1 << 13;
/** Larger than any page, and so a size that every machine takes. */
const RING_BYTES = 1 << 16;
/** Fewer bytes than a map's value may have, and more than any key here. */
const ELEMENT_BYTES = 64;
/** What a struct_ops map of ours would hold; it is never registered. */
export const STRUCT_OPS_SAMPLE = "bpf_struct_ops_tcp_congestion_ops";

const HASHES: readonly Sample[] = [
  { key: 5, value: 12, max: 3 },
  { key: 8, value: 40, max: 9, flags: NO_PREALLOC, fill: 2 },
];
const RING: readonly Sample[] = [{ key: 0, value: 0, max: RING_BYTES }];
const QUEUE: readonly Sample[] = [{ key: 0, value: 13, max: 7, fill: 2 }];
const STORAGE: readonly Sample[] = [
  { key: 4, value: 4, max: 0, flags: NO_PREALLOC },
];
const POINTERS: readonly Sample[] = [{ key: 4, value: 4, max: 5 }];

const SAMPLES: Readonly<Record<string, readonly Sample[]>> = {
  array: [
    { key: 4, value: 13, max: 7 },
    { key: 4, value: 4096, max: 3, flags: MMAPABLE },
  ],
  percpu_array: [{ key: 4, value: 20, max: 5 }],
  perf_event_array: POINTERS,
  cgroup_array: POINTERS,
  array_of_maps: POINTERS,
  hash: HASHES,
  percpu_hash: HASHES,
  lru_hash: [
    { key: 5, value: 12, max: 9, fill: 2 },
    { key: 5, value: 12, max: 9, flags: NO_COMMON_LRU },
  ],
  lru_percpu_hash: [{ key: 5, value: 12, max: 9, fill: 1 }],
  hash_of_maps: [
    { key: 8, value: 4, max: 6 },
    { key: 8, value: 4, max: 6, flags: NO_PREALLOC },
  ],
  queue: QUEUE,
  stack: QUEUE,
  lpm_trie: [{ key: 8, value: 5, max: 20, flags: NO_PREALLOC, fill: 3 }],
  stack_trace: [{ key: 4, value: 127 * 8, max: 9 }],
  bloom_filter: [{ key: 0, value: 8, max: 100 }, { key: 0, value: 4, max: 1 }],
  ringbuf: RING,
  user_ringbuf: RING,
  devmap: POINTERS,
  devmap_hash: [{ key: 4, value: 8, max: 9 }],
  cpumap: [{ key: 4, value: 4, max: 1 }],
  xskmap: POINTERS,
  sockmap: POINTERS,
  sockhash: [{ key: 6, value: 8, max: 9 }],
  reuseport_sockarray: [{ key: 4, value: 8, max: 5 }],
  cgroup_storage: [{ key: 16, value: 8, max: 0 }],
  percpu_cgroup_storage: [{ key: 16, value: 8, max: 0 }],
  sk_storage: STORAGE,
  inode_storage: STORAGE,
  task_storage: STORAGE,
  cgrp_storage: STORAGE,
  struct_ops: [{ key: 4, value: NaN, max: 1, flags: LINK }],
};

/**
 * Types that are taken for proven with another. A prog_array, accounted by the same function, would be one more for others to open
 * while the kernel clears it (walk.ts); an arena, to which nothing is accounted, takes page tables of 2 MiB.
 */
export const PROVEN_WITH: Readonly<Record<string, string>> = {
  prog_array: "array",
  arena: "array",
};

/** A BTF of one type, `int`, for maps that want to be described. Source: include/uapi/linux/btf.h. */
const INTEGER_BTF = new Uint8Array([
  // struct btf_header: magic, version, flags, hdr_len; types at 0, 16 bytes; strings at 16, 5 bytes
  ...[0x9f, 0xeb, 1, 0, 24, 0, 0, 0],
  ...[0, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 0, 5, 0, 0, 0],
  // struct btf_type: name at 1, BTF_KIND_INT, size 4; 32 bits
  ...[1, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 32, 0, 0, 0],
  ...new TextEncoder().encode("\0int\0"),
]);

/** What was made. Closing it takes it away. */
export class MemorySamples implements Disposable {
  readonly maps: SampleMap[] = [];
  /** By type of which a map could not be made: why. */
  readonly refused: Record<string, string> = {};
  readonly #kernel: KernelPort;
  readonly #fds: Fd[] = [];
  readonly #key: KernelBuffer;
  readonly #value: KernelBuffer;

  constructor(kernel: KernelPort, btf: Btf, cpus: number) {
    this.#kernel = kernel;
    this.#key = kernel.allocate(ELEMENT_BYTES);
    this.#value = kernel.allocate(ELEMENT_BYTES * cpus);
    const blob = kernel.allocate(INTEGER_BTF.length);
    blob.bytes.set(INTEGER_BTF);
    const btfFd = loadBtf(kernel, blob, INTEGER_BTF.length);
    if (btfFd >= 0) this.#fds.push(new Fd(kernel, btfFd));
    const value = btf.structId(STRUCT_OPS_SAMPLE);
    const ops = value === undefined
      ? undefined
      : { kernelValueType: value, valueBytes: btf.sizeOf(STRUCT_OPS_SAMPLE) };
    for (const [type, samples] of Object.entries(SAMPLES)) {
      for (const sample of samples) {
        const reason = this.#make(type, sample, btfFd, ops);
        if (reason !== undefined) this.refused[type] = reason;
      }
    }
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds.splice(0)) fd[Symbol.dispose]();
  }

  #make(
    type: string,
    { key, value, max, flags = 0, fill = 0 }: Sample,
    btfFd: number,
    ops:
      | { kernelValueType: number; valueBytes: number | undefined }
      | undefined,
  ): string | undefined {
    const isOps = type === "struct_ops";
    if (isOps && ops?.valueBytes === undefined) {
      return `this kernel has no ${STRUCT_OPS_SAMPLE}`;
    }
    const hasBtf = isOps || type.endsWith("_storage") &&
        !type.endsWith("cgroup_storage");
    // The first of all samples is an array.
    const innerMapFd = type.endsWith("_of_maps") ? this.maps[0]?.fd : undefined;
    const fd = createMap(this.#kernel, {
      type: MAP_TYPES.indexOf(type),
      keyBytes: key,
      valueBytes: isOps ? ops?.valueBytes ?? 0 : value,
      maxEntries: max,
      flags,
      name: "bpfpulse_memory",
      ...(innerMapFd === undefined ? {} : { innerMapFd }),
      ...(hasBtf ? { btfFd } : {}),
      ...(isOps && ops ? { kernelValueType: ops.kernelValueType } : {}),
    });
    if (fd < 0) return `BPF_MAP_CREATE failed: ${errnoName(-fd)}`;
    this.#fds.push(new Fd(this.#kernel, fd));
    this.maps.push({ type, fd });
    // A trie's key begins with how many bits of it count.
    this.#key.words[0] = type === "lpm_trie" ? (key - 4) * 8 : 0;
    for (let i = 0; i < fill; i++) {
      this.#key.bytes[4] = i + 1;
      const result = updateElement(
        this.#kernel,
        fd,
        key === 0 ? undefined : this.#key,
        this.#value,
      );
      if (result < 0) {
        return `BPF_MAP_UPDATE_ELEM failed: ${errnoName(-result)}`;
      }
    }
    return undefined;
  }
}
