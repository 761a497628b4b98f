/**
 * Owns what the two map iterators write. In: nothing. Out: a tick table, identity and live entries, and a birth table that begins
 * with the same identity and goes on as `struct bpf_map_info` and what memory is made of. Not to be had: `ifindex` of a map that a
 * device holds.
 * @module
 */
import { MAP_TYPES } from "../names.ts";
import { MAP_INFO } from "../uapi.ts";
import type { Origin, RecordField, RecordTable, Way } from "./table.ts";

const of = (path: string) => ({ ways: [[["bpf_map", path]]] } as const);

/** A cookie is never given out twice; where the kernel has none, what never changes of the map stands in. */
const IDENTITY: readonly RecordField[] = [
  { name: "id", offset: 0, size: 4, from: of("id"), required: true },
  { name: "type", offset: 4, size: 4, from: of("map_type"), required: true },
  { name: "cookie", offset: 8, size: 8, from: of("cookie"), since: "5.16" },
  ...([
    ["key_size", 8, 4],
    ["value_size", 12, 4],
    ["max_entries", 16, 4],
    ["map_flags", 20, 4],
    ["name", 24, 16],
  ] as const).map(([path, offset, size]) => ({
    name: path,
    offset,
    size,
    from: of(path),
    insteadOf: "cookie",
  })),
];

export const MAP_HEAD_BYTES = 40;

const SELECTOR: Way = [["bpf_map", "map_type"]];

/** A field for each type of `from`, at one place in the record. */
function byType(
  prefix: string,
  from: Readonly<Record<string, Origin>>,
  rest: Omit<RecordField, "name" | "from" | "when">,
): RecordField[] {
  return Object.entries(from).map(([type, from]) => ({
    name: `${prefix}.${type}`,
    from,
    when: MAP_TYPES.indexOf(type),
    ...rest,
  }));
}

/** Sums what each CPU counted, for all maps of hash elements, preallocated ones too; since 6.6. */
const COUNTED: Origin = { call: "bpf_map_sum_elem_count" };
const QUEUE: Origin = {
  ring: {
    head: ["bpf_queue_stack", "head"],
    tail: ["bpf_queue_stack", "tail"],
    size: ["bpf_queue_stack", "size"],
  },
};
const DEVICES: Origin = { ways: [[["bpf_dtab", "items"]]] };

/** How many entries a map has, where the kernel keeps count of them. Other types are not told, which is no 0. */
export const MAP_LIVE = { prefix: "live", offset: 16 } as const;
const LIVE = byType(MAP_LIVE.prefix, {
  hash: COUNTED,
  percpu_hash: COUNTED,
  lru_hash: COUNTED,
  lru_percpu_hash: COUNTED,
  hash_of_maps: COUNTED,
  lpm_trie: { ways: [[["lpm_trie", "n_entries"]]] },
  queue: QUEUE,
  stack: QUEUE,
  devmap: DEVICES,
  devmap_hash: DEVICES,
  xskmap: { ways: [[["xsk_map", "count.counter"]]] },
  sockhash: { ways: [[["bpf_shtab", "count.counter"]]] },
}, {
  offset: MAP_LIVE.offset,
  size: 8,
  besides: "cookie",
  unsetIsAbsent: true,
});

export const MAP_TICK: RecordTable = {
  name: "bpfpulse_map",
  target: "bpf_map",
  object: ["bpf_map", "map"],
  selector: SELECTOR,
  fields: [...IDENTITY, ...LIVE],
  ahead: ["id", "refcnt.counter", "cookie"].map((path) => [["bpf_map", path]]),
};

const info = (
  name: Exclude<keyof typeof MAP_INFO, "size">,
  from: RecordField["from"],
  more: Partial<RecordField> = {},
): RecordField => ({
  name: `info.${name}`,
  offset: MAP_HEAD_BYTES + MAP_INFO[name].offset,
  size: MAP_INFO[name].size,
  from,
  ...more,
});

/** Behind the info. */
const INFO_END = MAP_HEAD_BYTES + MAP_INFO.size;
/** Pages that the kernel has charged to its creator; until 5.10. */
export const MAP_CHARGED = {
  name: "charged",
  offset: INFO_END,
  size: 4,
} as const;
/** What of a map's memory its info does not tell, of types that have it: one u32 each. */
export const MAP_DETAIL = { prefix: "detail", offset: INFO_END + 4 } as const;

const BUCKET_LOG: Origin = {
  ways: [[["bpf_local_storage_map", "bucket_log"]]],
};
const RING_PAGES: Origin = {
  ways: [[["bpf_ringbuf_map", "rb"], ["bpf_ringbuf", "nr_pages"]]],
};
const DETAILS = byType(MAP_DETAIL.prefix, {
  ringbuf: RING_PAGES,
  user_ringbuf: RING_PAGES,
  sk_storage: BUCKET_LOG,
  inode_storage: BUCKET_LOG,
  task_storage: BUCKET_LOG,
  cgrp_storage: BUCKET_LOG,
  bloom_filter: { ways: [[["bpf_bloom_filter", "bitset_mask"]]] },
  sockhash: { ways: [[["bpf_shtab", "elem_size"]]] },
  struct_ops: { ways: [[["bpf_struct_ops_map", "funcs_cnt"]]] },
}, { offset: MAP_DETAIL.offset, size: 4 });

export const MAP_BIRTH: RecordTable = {
  name: "bpfpulse_map_b",
  target: MAP_TICK.target,
  object: MAP_TICK.object,
  selector: SELECTOR,
  boundBy: [["bpf_map", "id"]],
  fields: [
    ...IDENTITY,
    info("type", of("map_type"), { required: true }),
    info("id", of("id"), { required: true }),
    info("key_size", of("key_size"), { required: true }),
    info("value_size", of("value_size"), { required: true }),
    info("max_entries", of("max_entries"), { required: true }),
    info("map_flags", of("map_flags"), { required: true }),
    info("name", of("name"), { required: true }),
    info("btf_id", { ways: [[["bpf_map", "btf"], ["btf", "id"]]] }),
    info("map_extra", of("map_extra"), { since: "5.16" }),
    { ...MAP_CHARGED, from: of("memory.pages") },
    ...DETAILS,
  ],
};
