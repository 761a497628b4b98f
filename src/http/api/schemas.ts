/**
 * Owns the shape of every answer of the API, field by field. In: nothing. Out: valibot schemas, which /openapi.json is made
 * of and which the tests hold each answer against, and their types. Every 64-bit value of the kernel is a string of digits;
 * what is not known is absent.
 * @module
 */
import * as v from "valibot";
import {
  BuffersSummary,
  PerfBufferObject,
  RingBufferObject,
} from "./buffer_schemas.ts";
import {
  HoldersSummary,
  ownedFields,
  OwnershipDetail,
} from "./ownership_schemas.ts";
import { RunStatsWindows } from "./run_stats_schema.ts";
import {
  Bytes,
  Count,
  described,
  Id,
  OBJECT_TYPES,
  Ratio,
  Text,
  Time,
  Type,
  U64,
} from "./schema_parts.ts";

export { OBJECT_TYPES };

const named = {
  id: Id,
  name: v.optional(described(Text, "absent where the object has none")),
};

export const MapObject = v.strictObject({
  ...named,
  type: described(Text, "bpftool's name, as percpu_hash"),
  key_size_bytes: Bytes,
  value_size_bytes: Bytes,
  max_entries: Count,
  flags: described(Count, "BPF_F_*"),
  memory_bytes: described(Bytes, "(key + value size) * max_entries"),
  memlock_bytes: v.optional(
    described(Bytes, "what the kernel accounts; absent where not known"),
  ),
  entries: v.optional(
    described(Count, "of types of which the kernel keeps count"),
  ),
  ifindex: v.optional(Count),
  btf_id: v.optional(Id),
  map_extra: v.optional(U64),
  ...ownedFields,
});

export const ProgramObject = v.strictObject({
  ...named,
  full_name: v.optional(described(Text, "of its main function, by BTF")),
  type: described(Text, "bpftool's name, as sched_cls"),
  tag: Text,
  load_time_ns: v.optional(described(U64, "since boot, CLOCK_BOOTTIME")),
  jited_bytes: Bytes,
  xlated_bytes: Bytes,
  memory_bytes: described(Bytes, "jited_bytes + xlated_bytes"),
  memlock_bytes: v.optional(
    described(Bytes, "what the kernel accounts, without JITed code"),
  ),
  instructions: described(Count, "translated ones"),
  verified_instructions: v.optional(Count),
  created_by_uid: v.optional(Count),
  btf_id: v.optional(Id),
  run_time_ns: v.optional(described(U64, "while statistics were on")),
  run_count: v.optional(described(U64, "while statistics were on")),
  recursion_misses: v.optional(U64),
  cpu_ratio: v.optional(
    described(Ratio, "share of one CPU over the last interval, or window"),
  ),
  cpu_ratio_max: v.optional(described(Ratio, "highest of the last 60 s")),
  ...ownedFields,
});

export const LinkObject = v.strictObject({
  id: Id,
  type: described(Text, "bpftool's name, as raw_tracepoint"),
  prog_id: v.optional(described(Id, "absent where it runs none")),
  attach_type: v.optional(Text),
  target: v.optional(described(Text, "a name, or KIND:VALUE as ifindex:2")),
  detached: v.optional(v.boolean()),
  ...ownedFields,
});

export const BtfObject = v.strictObject({
  ...named,
  size_bytes: Bytes,
  kernel: v.optional(v.boolean()),
  ...ownedFields,
});

/** One object of each type. */
export const OBJECTS = {
  map: MapObject,
  program: ProgramObject,
  link: LinkObject,
  btf: BtfObject,
} as const;

const Status = v.picklist(["starting", "sampled", "stale", "unavailable"]);

const sampled = {
  status: Status,
  reason: v.optional(described(Text, "where it is stale or unavailable")),
  sampled_at: v.optional(Time),
};

export const TableSummary = v.strictObject({
  ...sampled,
  objects: v.optional(described(Count, "absent until the table was read")),
  created: v.optional(described(Count, "since the agent's first sample")),
  destroyed: v.optional(described(Count, "since the agent's first sample")),
});

export const Totals = v.strictObject({
  map_memory_bytes: v.optional(Bytes),
  program_memory_bytes: v.optional(Bytes),
  memory_bytes: v.optional(Bytes),
  map_memlock_bytes: v.optional(Bytes),
  program_memlock_bytes: v.optional(Bytes),
  memlock_bytes: v.optional(
    described(Bytes, "what the kernel accounts to all that it is known of"),
  ),
});

const summary = {
  tables: v.strictObject({
    map: TableSummary,
    program: TableSummary,
    link: TableSummary,
    btf: TableSummary,
  }),
  totals: Totals,
  run_stats: v.optional(RunStatsWindows),
};

export const Snapshot = v.strictObject({
  version: described(Text, "of the agent"),
  ...summary,
  holders: v.optional(
    described(HoldersSummary, "the last look at what keeps objects alive"),
  ),
  buffers: v.optional(
    described(BuffersSummary, "the latest look at ring and perf buffers"),
  ),
  objects: v.strictObject({
    map: v.optional(v.array(MapObject)),
    program: v.optional(v.array(ProgramObject)),
    link: v.optional(v.array(LinkObject)),
    btf: v.optional(v.array(BtfObject)),
  }),
});

export const BusyProgram = v.pick(ProgramObject, [
  "id",
  "name",
  "type",
  "run_time_ns",
  "run_count",
  "cpu_ratio",
]);

/** What one event of the stream carries. */
export const Sample = v.strictObject({
  ...summary,
  busiest_programs: described(
    v.array(BusyProgram),
    "by cpu_ratio over the last interval, at most 20",
  ),
});

const head = { object_type: Type, ...sampled };

function listOf<T extends v.GenericSchema>(object: T) {
  return v.strictObject({
    ...head,
    total: described(Count, "objects of this type"),
    matched: described(Count, "those that the query chose"),
    offset: Count,
    limit: Count,
    objects: v.array(object),
  });
}

const Reference = v.strictObject({
  relation: described(Text, "as runs: a link and its program"),
  object_type: Type,
  id: Id,
  name: v.optional(Text),
});

function oneOf<T extends v.GenericSchema, E extends v.ObjectEntries>(
  object: T,
  more: E,
) {
  return v.strictObject({
    ...head,
    object,
    ...more,
    ownership: OwnershipDetail,
    refers_to: v.array(Reference),
    referred_by: v.array(Reference),
  });
}

export const LISTS = {
  map: listOf(MapObject),
  program: listOf(ProgramObject),
  link: listOf(LinkObject),
  btf: listOf(BtfObject),
} as const;

export const DETAILS = {
  map: oneOf(MapObject, {
    ring_buffer: v.optional(described(RingBufferObject, "of a ring buffer")),
    perf_buffers: v.optional(
      described(
        v.array(PerfBufferObject),
        "of a perf event array, one for each CPU that has one",
      ),
    ),
  }),
  program: oneOf(ProgramObject, { run_stats: v.optional(RunStatsWindows) }),
  link: oneOf(LinkObject, {}),
  btf: oneOf(BtfObject, {}),
} as const;

/** Source: RFC 9457. */
export const Problem = v.strictObject({
  type: Text,
  title: Text,
  status: v.pipe(v.number(), v.integer()),
  detail: described(Text, "one sentence"),
});

/** An object of each type as the API tells it. */
export type ApiObjects = {
  [T in keyof typeof OBJECTS]: v.InferOutput<(typeof OBJECTS)[T]>;
};
export type TableSummaryJson = v.InferOutput<typeof TableSummary>;
export type SampleJson = v.InferOutput<typeof Sample>;
export type ReferenceJson = v.InferOutput<typeof Reference>;
