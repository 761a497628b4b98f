/**
 * Owns what the two map iterators write. In: nothing. Out: a tick table, identity alone, and a birth table that begins like it
 * and goes on as `struct bpf_map_info`. Not to be had: `ifindex` of a map that a device holds.
 * @module
 */
import { MAP_INFO } from "../uapi.ts";
import type { RecordField, RecordTable } from "./table.ts";

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

export const MAP_TICK: RecordTable = {
  name: "bpfpulse_map",
  target: "bpf_map",
  object: ["bpf_map", "map"],
  fields: IDENTITY,
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

export const MAP_BIRTH: RecordTable = {
  ...MAP_TICK,
  name: "bpfpulse_map_b",
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
  ],
};
