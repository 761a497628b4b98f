/**
 * Owns what this kernel's memory is reckoned by. In: a port, the kernel's BTF. Out: sizes and counts, plain data; one sentence where
 * the machine does not tell them.
 * @module
 */
import type { Btf } from "../../ffi/mod.ts";
import {
  accountedBytes,
  createMap,
  Fd,
  type KernelPort,
  MAP_TYPES,
  pageSize,
  possibleCpuCount,
} from "../../ffi/sampling.ts";
import { MEMORY_STRUCTS, type MemoryTerms } from "./memory.ts";

/** What findMemoryTerms() looks up. */
export const MEMORY_TYPES: readonly string[] = [
  ...MEMORY_STRUCTS,
  "bpf_map",
  "bpf_map_ops",
  "bpf_ringbuf",
];

/** RINGBUF_POS_PAGES: of the consumer's and of the producer's position. */
const POSITION_PAGES = 2;
const NO_PREALLOC = 1 << 0;

export function findMemoryTerms(
  kernel: KernelPort,
  btf: Btf,
): MemoryTerms | string {
  const pageBytes = pageSize(kernel);
  const cpus = possibleCpuCount(kernel);
  if (pageBytes === undefined) return "the size of a page is not told";
  if (cpus === undefined) return "the number of possible CPUs is not told";
  const sizes: Record<string, number> = {};
  for (const struct of MEMORY_STRUCTS) {
    const bytes = btf.sizeOf(struct);
    if (bytes !== undefined) sizes[struct] = bytes;
  }
  const positions = btf.member("bpf_ringbuf", "consumer_pos");
  const accounting = btf.member("bpf_map", "memory.pages") !== undefined
    ? "charged"
    : btf.member("bpf_map_ops", "map_mem_usage") !== undefined
    ? "usage"
    : "rounded";
  return {
    accounting,
    cpus,
    pageBytes,
    sizes,
    ringHeadPages: (positions?.byteOffset ?? NaN) / pageBytes + POSITION_PAGES,
    hashLockBytes: accounting === "usage" ? hashLocks(kernel, sizes) : 0,
    spareFdElements: true,
    functionSymbols: btf.member("bpf_struct_ops_map", "ksyms") !== undefined,
  };
}

/** What an empty hash with one bucket takes beside what BTF tells. */
function hashLocks(
  kernel: KernelPort,
  { bpf_htab: table, bucket }: Readonly<Record<string, number>>,
): number {
  const number = createMap(kernel, {
    type: MAP_TYPES.indexOf("hash"),
    keyBytes: 4,
    valueBytes: 4,
    maxEntries: 1,
    flags: NO_PREALLOC,
    name: "bpfpulse_locks",
  });
  if (number < 0) return NaN;
  using fd = new Fd(kernel, number);
  return (accountedBytes(kernel, fd.number) ?? NaN) - table - bucket;
}
