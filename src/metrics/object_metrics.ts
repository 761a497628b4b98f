/**
 * Owns the metrics that have one series for each object: maps, programs and links. In: tables of the node's state. Out:
 * their entries in the catalog, and what stands for the objects beyond `--max-series`.
 * @module
 */
import type { MapDescription } from "../../workers/maps/model.ts";
import type { ProgramDescription } from "../../workers/programs/model.ts";
import type { Columns, NodeSnapshot } from "../state/node_state.ts";
import {
  mapMemlockBytes,
  mapMemoryBytes,
  programMemlockBytes,
  programMemoryBytes,
} from "../state/totals.ts";
import type { ObjectMetric } from "./metric.ts";

const BYTES_PER_INSTRUCTION = 8;
const MAP_LABELS = ["map_id", "map_name", "map_type"];
const PROGRAM_LABELS = ["prog_id", "prog_name", "prog_type"];

const DEFAULTS = {
  kind: "object",
  text: "labels",
  unit: "",
  quality: "exact",
  rest: "sum",
} as const;

const WHILE_COUNTED = {
  runStats: true,
  needs: ["programs", "run-stats"],
  qualityBy: "run-stats",
} as const;

type Given =
  & Pick<ObjectMetric, "name" | "type" | "help" | "source" | "values">
  & Partial<ObjectMetric>;

export const mapMetrics: readonly ObjectMetric[] = [
  ofMaps({
    name: "odigos_ebpf_map_info",
    type: "gauge",
    help: "What a map is, always 1; for joins on map_id.",
    text: "info",
    labels: [...MAP_LABELS, "key_size", "value_size", "max_entries", "flags"],
    source: "struct bpf_map_info",
    rest: "nothing",
    values: () => () => 1,
  }),
  ofMaps({
    name: "odigos_ebpf_map_memory_bytes",
    type: "gauge",
    help:
      "Memory of a map by the formula (key_size + value_size) * max_entries.",
    unit: "bytes",
    source: "bpf_map_info.key_size, .value_size, .max_entries",
    values: ofEachMap(mapMemoryBytes),
  }),
  ofMaps({
    name: "odigos_ebpf_map_memlock_bytes",
    type: "gauge",
    help:
      "Memory that the kernel accounts to a map. Absent where it is not known; by the walk as it was at the map's birth.",
    unit: "bytes",
    needs: ["maps", "memlock"],
    qualityBy: "memlock",
    source:
      "formulas that equal fdinfo's memlock, proven at start; else fdinfo",
    values:
      ({ tables: { map: { descriptions, columns: { entries } } } }) => (row) =>
        mapMemlockBytes(descriptions[row], entries[row]),
  }),
  ofMaps({
    name: "odigos_ebpf_map_entries",
    type: "gauge",
    help:
      "Entries that a map has, of types of which the kernel keeps count; absent for others, and by the walk.",
    needs: ["maps", "map-entries"],
    qualityBy: "map-entries",
    source: "bpf_map_sum_elem_count(), or the type's own struct",
    values: ({ tables: { map: { columns: { entries } } } }) => (row) =>
      entries[row],
  }),
  ofMaps({
    name: "odigos_ebpf_map_max_entries",
    type: "gauge",
    help: "Entries that a map can hold.",
    source: "bpf_map_info.max_entries",
    values: ofEachMap((map) => map.maxEntries),
  }),
];

export const programMetrics: readonly ObjectMetric[] = [
  ofPrograms({
    name: "odigos_ebpf_program_info",
    type: "gauge",
    help: "What a program is, always 1; for joins on prog_id.",
    text: "info",
    labels: [...PROGRAM_LABELS, "tag", "full_name", "btf_id"],
    source: "struct bpf_prog_info",
    rest: "nothing",
    values: () => () => 1,
  }),
  ofPrograms({
    name: "odigos_ebpf_program_memory_bytes",
    type: "gauge",
    help: "Bytes of a program's translated and of its JITed instructions.",
    unit: "bytes",
    source: "bpf_prog_info.jited_prog_len + .xlated_prog_len",
    values: ofEachProgram(programMemoryBytes),
  }),
  ofPrograms({
    name: "odigos_ebpf_program_memlock_bytes",
    type: "gauge",
    help:
      "Memory that the kernel accounts to a program: pages of its instructions, without what they were JITed to.",
    unit: "bytes",
    needs: ["programs", "memlock"],
    qualityBy: "memlock",
    source: "bpf_prog.pages; by the walk fdinfo's memlock",
    values: ofEachProgram(programMemlockBytes),
  }),
  ofPrograms({
    ...column("runTimeNs"),
    name: "odigos_ebpf_program_runtime_ns_total",
    type: "counter",
    help:
      "Run time of a program while run-time statistics were on, in ns; a lower bound where stats_coverage_ratio is below 1.",
    unit: "ns",
    source: "bpf_prog_info.run_time_ns",
    ...WHILE_COUNTED,
  }),
  ofPrograms({
    ...column("runCount"),
    name: "odigos_ebpf_program_runs_total",
    type: "counter",
    help:
      "Runs of a program while run-time statistics were on; a lower bound where stats_coverage_ratio is below 1.",
    source: "bpf_prog_info.run_cnt",
    ...WHILE_COUNTED,
  }),
  ofPrograms({
    name: "odigos_ebpf_program_instructions",
    type: "gauge",
    help: "Translated instructions of a program.",
    source: "bpf_prog_info.xlated_prog_len / 8",
    values: ofEachProgram((program) =>
      program.xlatedBytes / BYTES_PER_INSTRUCTION
    ),
  }),
  ofPrograms({
    name: "odigos_ebpf_program_verified_instructions",
    type: "gauge",
    help: "Instructions that the verifier walked through to accept a program.",
    needs: ["programs", "verified-instructions"],
    source: "bpf_prog_info.verified_insns",
    values: ofEachProgram((program) => program.verifiedInstructions ?? NaN),
  }),
  ofPrograms({
    ...column("recursionMisses"),
    name: "odigos_ebpf_program_recursion_misses_total",
    type: "counter",
    help: "Runs of a program that the kernel skipped to prevent recursion.",
    needs: ["programs", "missed-runs"],
    source: "bpf_prog_info.recursion_misses",
  }),
  ofPrograms({
    ...column("cpuRatio", "nothing"),
    name: "odigos_ebpf_program_cpu_ratio",
    type: "gauge",
    help:
      "Share of one CPU that a program took over the last interval; with windows over the last one, as an estimate.",
    unit: "ratio",
    source: "bpf_prog_info.run_time_ns between two samples",
    ...WHILE_COUNTED,
  }),
  ofPrograms({
    ...column("cpuRatioMax", "nothing"),
    name: "odigos_ebpf_program_cpu_ratio_max",
    type: "gauge",
    help:
      "Highest share of one CPU that a program took over an interval, or a window, of the last 60 s.",
    unit: "ratio",
    source: "bpf_prog_info.run_time_ns between two samples",
    ...WHILE_COUNTED,
  }),
];

export const linkMetrics: readonly ObjectMetric[] = [{
  ...DEFAULTS,
  table: "link",
  text: "info",
  name: "odigos_ebpf_link_info",
  type: "gauge",
  help: "What a link is, always 1; for joins on link_id and prog_id.",
  labels: ["link_id", "link_type", "prog_id", "attach_type", "target"],
  group: "links",
  needs: ["links"],
  qualityBy: "links",
  source: "struct bpf_link_info",
  rest: "nothing",
  values: () => () => 1,
}];

/**
 * What stands for the objects without series of their own: the sum of a gauge, the increments of a counter. Undefined
 * where nothing does. A counter's stays when its objects are gone, so that it never falls.
 */
export function restValue(
  metric: ObjectMetric,
  snapshot: NodeSnapshot,
): number | undefined {
  const { size, ownSeries, restSize } = snapshot.tables[metric.table];
  if (metric.rest === "increments" && metric.column !== undefined) {
    const risen = snapshot.tables.program.rest[metric.column];
    return restSize > 0 || (risen ?? 0) > 0 ? risen : undefined;
  }
  if (metric.rest !== "sum" || restSize === 0) return undefined;
  const valueOf = metric.values(snapshot);
  let sum: number | undefined;
  for (let row = 0; row < size; row++) {
    const value = ownSeries[row] === 0 ? valueOf(row) : NaN;
    if (!Number.isNaN(value)) sum = (sum ?? 0) + value;
  }
  return sum;
}

/** The labels of the series that stands for them. */
export function restLabels(
  labels: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(labels.map((label) => [label, "other"]));
}

function column(
  name: Columns["program"],
  rest: ObjectMetric["rest"] = "increments",
): Pick<ObjectMetric, "column" | "values" | "rest"> {
  return {
    column: name,
    rest,
    values: ({ tables }) => {
      const column = tables.program.columns[name];
      return (row) => column[row];
    },
  };
}

function ofEachMap(
  value: (map: MapDescription) => number,
): ObjectMetric["values"] {
  return ({ tables: { map: { descriptions } } }) => (row) =>
    value(descriptions[row]);
}

function ofEachProgram(
  value: (program: ProgramDescription) => number,
): ObjectMetric["values"] {
  return ({ tables: { program: { descriptions } } }) => (row) =>
    value(descriptions[row]);
}

function ofMaps(given: Given): ObjectMetric {
  return {
    ...DEFAULTS,
    table: "map",
    group: "maps",
    needs: ["maps"],
    ...(given.needs === undefined ? { qualityBy: "maps" } : {}),
    labels: MAP_LABELS,
    ...given,
  };
}

function ofPrograms(given: Given): ObjectMetric {
  return {
    ...DEFAULTS,
    table: "program",
    group: "programs",
    needs: ["programs"],
    ...(given.needs === undefined ? { qualityBy: "programs" } : {}),
    labels: PROGRAM_LABELS,
    ...given,
  };
}
