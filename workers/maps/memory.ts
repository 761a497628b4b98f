/**
 * Owns how much memory the kernel accounts to a map: a formula a type, in the kernel's own terms. In: what a map is, the sizes of this
 * kernel's structs. Out: bytes that stay, and bytes for each entry that it has; NaN where this kernel lacks what a formula
 * is made of. memory_check.ts proves them on the kernel that runs.
 * Source: the map_mem_usage of each type (6.4 to 7.3); bpf_map_memory_footprint() in kernel/bpf/syscall.c (5.11 to 6.3);
 * bpf_map_charge_init() (until 5.10).
 * @module
 */
import type { MapMemlock } from "./model.ts";

/** What formulas ask of a map. */
export interface SizedMap {
  /** bpftool's name, as `percpu_hash`. */
  readonly type: string;
  readonly keySizeBytes: number;
  readonly valueSizeBytes: number;
  readonly maxEntries: number;
  /** `BPF_F_*` */
  readonly flags: number;
  /** What its info does not tell (ffi/iter/map_table.ts MAP_DETAIL); NaN where it is not known. */
  readonly detail: number;
  /** Pages that the kernel has charged, on one that charges; NaN elsewhere. */
  readonly chargedPages: number;
}

/** What formulas ask of a kernel. Plain data. */
export interface MemoryTerms {
  /**
   * `usage`: what a map takes, type by type, since 6.4. `rounded`: key and value size times the most entries, in pages, since 5.11.
   * `charged`: pages that its creator was charged with.
   */
  readonly accounting: "usage" | "rounded" | "charged";
  readonly cpus: number;
  readonly pageBytes: number;
  /** Bytes of structs, by name; one that this kernel lacks is not there. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Pages of a ring buffer in front of its data. */
  readonly ringHeadPages: number;
  /** Locks of a hash table beside its buckets; no BTF tells how many, an own map does. */
  readonly hashLockBytes: number;
  /** A hash of maps has spare elements, as other hashes; until 6.14. */
  readonly spareFdElements: boolean;
  /** Functions of a struct_ops map have symbols, which it counts. */
  readonly functionSymbols: boolean;
}

/** Structs whose size formulas take. */
export const MEMORY_STRUCTS = [
  "bpf_array",
  "bpf_bloom_filter",
  "bpf_cgroup_storage_map",
  "bpf_cpu_map",
  "bpf_dtab",
  "bpf_dtab_netdev",
  "bpf_htab",
  "bpf_local_storage_map",
  "bpf_local_storage_map_bucket",
  "bpf_queue_stack",
  "bpf_ringbuf_map",
  "bpf_shtab",
  "bpf_shtab_bucket",
  "bpf_stab",
  "bpf_stack_map",
  "bpf_struct_ops_map",
  "bpf_struct_ops_value",
  "bucket",
  "htab_elem",
  "lpm_trie_node",
  "reuseport_array",
  "stack_map_bucket",
  "xsk_map",
  "xsk_map_node",
] as const;

const POINTER_BYTES = 8;
const WORD_BITS = 64;
/** `struct bpf_lpm_trie_key`: what is in front of the data. */
const PREFIX_BYTES = 4;
const NO_PREALLOC = 1 << 0;
const MMAPABLE = 1 << 10;

type Formula = (map: SizedMap, kernel: Sizes) => MapMemlock;

/** Terms, with a way to ask for a size. */
interface Sizes extends MemoryTerms {
  size(struct: typeof MEMORY_STRUCTS[number]): number;
}

const array: Formula = (
  { type, valueSizeBytes, maxEntries, flags },
  kernel,
) => {
  const elements = maxEntries * up(valueSizeBytes, 8);
  const head = kernel.size("bpf_array");
  if (type === "percpu_array") {
    return fixed(head + maxEntries * POINTER_BYTES + elements * kernel.cpus);
  }
  const { pageBytes } = kernel;
  return (flags & MMAPABLE) === 0
    ? fixed(head + elements)
    : fixed(up(head, pageBytes) + up(elements, pageBytes));
};

const hash: Formula = (map, kernel) => {
  const { type, keySizeBytes, valueSizeBytes, maxEntries, flags } = map;
  const isPerCpu = type === "percpu_hash" || type === "lru_percpu_hash";
  const isLru = type === "lru_hash" || type === "lru_percpu_hash";
  const element = kernel.size("htab_elem") + up(keySizeBytes, 8) +
    (isPerCpu ? POINTER_BYTES : up(valueSizeBytes, 8));
  const values = isPerCpu ? up(valueSizeBytes, 8) * kernel.cpus : 0;
  const table = kernel.size("bpf_htab") + kernel.hashLockBytes +
    kernel.size("bucket") * powerOfTwo(maxEntries);
  if ((flags & NO_PREALLOC) !== 0) {
    // Each is in a list of the allocator, and so is its per-CPU part, with a pointer to it.
    const links = isPerCpu ? 3 * POINTER_BYTES : POINTER_BYTES;
    return { fixedBytes: table, entryBytes: element + values + links };
  }
  const hasSpares = !isPerCpu && !isLru &&
    (type !== "hash_of_maps" || kernel.spareFdElements);
  const elements = maxEntries + (hasSpares ? kernel.cpus : 0);
  const pointers = isPerCpu || isLru ? 0 : POINTER_BYTES * kernel.cpus;
  return fixed(table + elements * (element + values) + pointers);
};

const queue: Formula = ({ valueSizeBytes, maxEntries }, { size }) =>
  fixed(size("bpf_queue_stack") + (maxEntries + 1) * valueSizeBytes);

const devices: Formula = ({ type, maxEntries }, { size }) => ({
  fixedBytes: size("bpf_dtab") + POINTER_BYTES *
      (type === "devmap_hash" ? powerOfTwo(maxEntries) : maxEntries),
  entryBytes: size("bpf_dtab_netdev"),
});

const ring: Formula = ({ maxEntries, detail }, kernel) => {
  const dataPages = Math.floor(maxEntries / kernel.pageBytes);
  return fixed(
    kernel.size("bpf_ringbuf_map") + detail * kernel.pageBytes +
      (kernel.ringHeadPages + 2 * dataPages) * POINTER_BYTES,
  );
};

const localStorage: Formula = ({ detail }, { size }) =>
  fixed(
    size("bpf_local_storage_map") +
      size("bpf_local_storage_map_bucket") * 2 ** detail,
  );

const cgroupStorage: Formula = (_, { size }) =>
  fixed(size("bpf_cgroup_storage_map"));

const structOps: Formula = ({ valueSizeBytes, detail }, kernel) =>
  fixed(
    kernel.size("bpf_struct_ops_map") + 2 * valueSizeBytes -
      kernel.size("bpf_struct_ops_value") +
      detail * POINTER_BYTES * (kernel.functionSymbols ? 2 : 1) +
      kernel.pageBytes,
  );

/** Since 6.4. */
const USAGE: Readonly<Record<string, Formula>> = {
  array,
  prog_array: array,
  perf_event_array: array,
  cgroup_array: array,
  array_of_maps: array,
  percpu_array: array,
  hash,
  percpu_hash: hash,
  lru_hash: hash,
  lru_percpu_hash: hash,
  hash_of_maps: hash,
  queue,
  stack: queue,
  devmap: devices,
  devmap_hash: devices,
  ringbuf: ring,
  user_ringbuf: ring,
  sk_storage: localStorage,
  inode_storage: localStorage,
  task_storage: localStorage,
  cgrp_storage: localStorage,
  cgroup_storage: cgroupStorage,
  percpu_cgroup_storage: cgroupStorage,
  struct_ops: structOps,
  lpm_trie: ({ keySizeBytes, valueSizeBytes }, { size }) => ({
    fixedBytes: 0,
    entryBytes: size("lpm_trie_node") + keySizeBytes - PREFIX_BYTES +
      valueSizeBytes,
  }),
  stack_trace: ({ valueSizeBytes, maxEntries }, { size }) =>
    fixed(
      size("bpf_stack_map") + powerOfTwo(maxEntries) * POINTER_BYTES +
        maxEntries * (size("stack_map_bucket") + valueSizeBytes),
    ),
  bloom_filter: ({ detail }, { size }) =>
    fixed(size("bpf_bloom_filter") + up(detail + 1, WORD_BITS) / 8),
  cpumap: ({ maxEntries }, { size }) =>
    fixed(size("bpf_cpu_map") + maxEntries * POINTER_BYTES),
  xskmap: ({ maxEntries }, { size }) => ({
    fixedBytes: size("xsk_map") + maxEntries * POINTER_BYTES,
    entryBytes: size("xsk_map_node"),
  }),
  sockmap: ({ maxEntries }, { size }) =>
    fixed(size("bpf_stab") + maxEntries * POINTER_BYTES),
  sockhash: ({ maxEntries, detail }, { size }) => ({
    fixedBytes: size("bpf_shtab") +
      powerOfTwo(maxEntries) * size("bpf_shtab_bucket"),
    entryBytes: detail,
  }),
  reuseport_sockarray: ({ maxEntries }, { size }) =>
    fixed(size("reuseport_array") + maxEntries * POINTER_BYTES),
  // Whatever pages it has, the kernel accounts none of them to it.
  arena: () => fixed(0),
};

const PER_CPU_VALUES = [
  "percpu_hash",
  "lru_percpu_hash",
  "percpu_array",
  "percpu_cgroup_storage",
];
const FD_VALUES = [
  "prog_array",
  "perf_event_array",
  "cgroup_array",
  "array_of_maps",
  "hash_of_maps",
];
/** Of these the charge grows with their elements, and no record tells it at each tick. */
const CHARGED_LATER = [
  "sk_storage",
  "inode_storage",
  "cgroup_storage",
  "percpu_cgroup_storage",
];

const rounded: Formula = (map, { cpus, pageBytes }) => {
  const { type, keySizeBytes, valueSizeBytes, maxEntries } = map;
  const value = PER_CPU_VALUES.includes(type)
    ? up(valueSizeBytes, 8) * cpus
    : FD_VALUES.includes(type)
    ? 4
    : valueSizeBytes;
  return fixed(up(maxEntries * up(keySizeBytes + value, 8), pageBytes));
};

const charged: Formula = ({ type, chargedPages }, { pageBytes }) =>
  fixed(CHARGED_LATER.includes(type) ? NaN : chargedPages * pageBytes);

/** What the kernel accounts to `map`; undefined for a type that has no formula. */
export function mapMemlock(
  map: SizedMap,
  terms: MemoryTerms,
): MapMemlock | undefined {
  const formula = formulaOf(map.type, terms);
  return formula?.(map, {
    ...terms,
    size: (struct) => terms.sizes[struct] ?? NaN,
  });
}

function formulaOf(
  type: string,
  { accounting }: MemoryTerms,
): Formula | undefined {
  switch (accounting) {
    case "usage":
      return USAGE[type];
    case "rounded":
      return rounded;
    case "charged":
      return charged;
  }
}

function fixed(bytes: number): MapMemlock {
  return { fixedBytes: bytes, entryBytes: 0 };
}

/** The next multiple of `step`. */
function up(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** The next power of two. @param value a u32, not 0 */
function powerOfTwo(value: number): number {
  return 2 ** (32 - Math.clz32(value - 1));
}
