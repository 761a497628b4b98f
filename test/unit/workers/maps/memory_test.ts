import { assertEquals } from "@std/assert";
import {
  mapMemlock,
  MEMORY_STRUCTS,
  type MemoryTerms,
  type SizedMap,
} from "../../../../workers/maps/memory.ts";

/** A kernel that nobody has: every struct of another size, 24 CPUs, pages of 64 KiB. */
const SIZES = Object.fromEntries(
  MEMORY_STRUCTS.map((name, i) => [name, 1000 + 8 * i]),
);
const KERNEL: MemoryTerms = {
  accounting: "usage",
  cpus: 24,
  pageBytes: 65_536,
  sizes: { ...SIZES, htab_elem: 48, bucket: 16, bpf_htab: 800, bpf_array: 300 },
  ringHeadPages: 3,
  hashLockBytes: 768,
  spareFdElements: false,
  functionSymbols: true,
};

function memlock(
  type: string,
  map: Partial<SizedMap> = {},
  terms: Partial<MemoryTerms> = {},
): [fixed: number | undefined, entry: number | undefined] {
  const found = mapMemlock({
    type,
    ...{ keySizeBytes: 4, valueSizeBytes: 12, maxEntries: 9, flags: 0 },
    ...{ detail: NaN, chargedPages: NaN },
    ...map,
  }, { ...KERNEL, ...terms });
  return [found?.fixedBytes, found?.entryBytes];
}

const NO_PREALLOC = { flags: 1 };
/** The table of a hash with 9 entries: 16 buckets. */
const HASH = 800 + 768 + 16 * 16;

Deno.test("mapMemlock() of a hash has spare elements for each CPU, and pointers to them", () => {
  const element = 48 + 8 + 16;
  assertEquals(memlock("hash"), [HASH + (9 + 24) * element + 24 * 8, 0]);
  assertEquals(memlock("hash", NO_PREALLOC), [HASH, element + 8]);
});

Deno.test("mapMemlock() of per-CPU values counts every possible CPU", () => {
  const values = 16 * 24;
  const element = 48 + 8 + 8;
  assertEquals(memlock("percpu_hash"), [HASH + 9 * (element + values), 0]);
  assertEquals(
    memlock("percpu_hash", NO_PREALLOC),
    [HASH, element + values + 3 * 8],
  );
  assertEquals(memlock("lru_percpu_hash"), [HASH + 9 * (element + values), 0]);
  assertEquals(memlock("percpu_array"), [300 + 9 * 8 + 9 * values, 0]);
});

Deno.test("mapMemlock() of a cache has no spare elements, of a hash of maps only where this kernel has", () => {
  assertEquals(memlock("lru_hash"), [HASH + 9 * 72, 0]);
  const inner = { valueSizeBytes: 4 };
  assertEquals(memlock("hash_of_maps", inner), [HASH + 9 * 64 + 192, 0]);
  assertEquals(
    memlock("hash_of_maps", inner, { spareFdElements: true }),
    [HASH + (9 + 24) * 64 + 192, 0],
  );
});

Deno.test("mapMemlock() of an array that can be mapped is in whole pages", () => {
  assertEquals(memlock("array"), [300 + 9 * 16, 0]);
  assertEquals(memlock("array", { flags: 1 << 10 }), [2 * 65_536, 0]);
});

Deno.test("mapMemlock() of a trie, of devices and of sockets grows with their entries", () => {
  const { sizes } = KERNEL;
  assertEquals(
    memlock("lpm_trie", { keySizeBytes: 20 }),
    [0, sizes.lpm_trie_node + 16 + 12],
  );
  assertEquals(
    memlock("devmap"),
    [sizes.bpf_dtab + 9 * 8, sizes.bpf_dtab_netdev],
  );
  assertEquals(memlock("devmap_hash")[0], sizes.bpf_dtab + 16 * 8);
  assertEquals(
    memlock("sockhash", { detail: 40 }),
    [sizes.bpf_shtab + 16 * sizes.bpf_shtab_bucket, 40],
  );
});

Deno.test("mapMemlock() of a ring buffer has its data pages twice among its pointers", () => {
  const ring = { maxEntries: 4 * 65_536, detail: 7 };
  assertEquals(
    memlock("ringbuf", ring),
    [KERNEL.sizes.bpf_ringbuf_map + 7 * 65_536 + (3 + 8) * 8, 0],
  );
});

Deno.test("mapMemlock() of a bloom filter is its bits, up to all that a u32 can number", () => {
  const { bpf_bloom_filter: head } = KERNEL.sizes;
  assertEquals(memlock("bloom_filter", { detail: 127 }), [head + 16, 0]);
  assertEquals(
    memlock("bloom_filter", { detail: 0xffff_ffff }),
    [head + 2 ** 29, 0],
  );
});

Deno.test("mapMemlock() rounds the largest table up without leaving 32 bits", () => {
  const largest = { maxEntries: 2 ** 31, ...NO_PREALLOC };
  assertEquals(memlock("hash", largest)[0], 800 + 768 + 16 * 2 ** 31);
  const single = { maxEntries: 1, ...NO_PREALLOC };
  assertEquals(memlock("hash", single)[0], 800 + 768 + 16);
});

Deno.test("mapMemlock() is NaN where this kernel lacks what it is made of, and nothing for a type that it does not know", () => {
  assertEquals(memlock("queue", {}, { sizes: {} }), [NaN, 0]);
  assertEquals(memlock("ringbuf"), [NaN, 0]);
  assertEquals(memlock("type_99"), [undefined, undefined]);
});

Deno.test("mapMemlock() before 6.4 is what that kernel reports: sizes times the most entries, in pages", () => {
  const rounded = { accounting: "rounded", pageBytes: 4096 } as const;
  const many = { maxEntries: 1000 };
  assertEquals(memlock("hash", many, rounded), [4 * 4096, 0]);
  assertEquals(
    memlock("percpu_hash", many, rounded),
    // 1000 * (4 + 24 * 16, rounded up to 8)
    [Math.ceil(1000 * 392 / 4096) * 4096, 0],
  );
  assertEquals(memlock("hash_of_maps", many, rounded), [2 * 4096, 0]);
  assertEquals(memlock("ringbuf", { maxEntries: 0 }, rounded), [0, 0]);
});

Deno.test("mapMemlock() before 5.11 is the pages that were charged, but for types whose charge grows", () => {
  const charged = { accounting: "charged", pageBytes: 4096 } as const;
  const pages = { chargedPages: 5 };
  assertEquals(memlock("hash", pages, charged), [5 * 4096, 0]);
  assertEquals(memlock("sk_storage", pages, charged), [NaN, 0]);
});
