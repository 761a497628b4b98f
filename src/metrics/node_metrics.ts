/**
 * Owns the metrics of the node as a whole: counts, totals, use of limits. In: PageInput. Out: their
 * entries in the catalog. A number over a table that is not known is absent.
 * @module
 */
import type { NodeSnapshot, Table } from "../state/node_state.ts";
import {
  fullestMapRatio,
  isKnown,
  memlockTotals,
  memoryTotals,
} from "../state/totals.ts";
import type { NodeMetric, PageInput, Sample } from "./metric.ts";

const OF_TABLES = {
  needs: [],
  parts: {
    map: ["maps"],
    program: ["programs"],
    link: ["links"],
    btf: ["btf"],
  },
} as const;

export const objectCountMetrics: readonly NodeMetric[] = [
  {
    kind: "node",
    name: "odigos_ebpf_objects_total",
    type: "gauge",
    help: "eBPF objects alive now.",
    unit: "",
    labels: ["type"],
    group: "objects",
    ...OF_TABLES,
    quality: "exact",
    source: "BPF_*_GET_NEXT_ID",
    samples: ({ snapshot }) => byTable(snapshot, (table) => table.size),
  },
  {
    kind: "node",
    name: "odigos_ebpf_objects_created_total",
    type: "counter",
    help:
      "eBPF objects made since the agent's first sample, short-lived ones included: programs by the kernel's stream of loads, exact unless it lost records; others by the ids given out, a lower bound.",
    unit: "",
    labels: ["type"],
    group: "objects",
    ...OF_TABLES,
    quality: "lower bound",
    source: "PERF_RECORD_BPF_EVENT; ids that are new, and gaps between them",
    samples: ({ snapshot }) => byTable(snapshot, (table) => table.created),
  },
  {
    kind: "node",
    name: "odigos_ebpf_objects_destroyed_total",
    type: "counter",
    help:
      "eBPF objects gone since the agent's first sample, short-lived ones included: programs by the kernel's stream of unloads, exact unless it lost records; others are those that came and are not there, a lower bound.",
    unit: "",
    labels: ["type"],
    group: "objects",
    ...OF_TABLES,
    quality: "lower bound",
    source: "PERF_RECORD_BPF_EVENT; created, less those alive",
    samples: ({ snapshot }) => byTable(snapshot, (table) => table.destroyed),
  },
  {
    kind: "node",
    name: "odigos_ebpf_total_memory_bytes",
    type: "gauge",
    help:
      "Memory of all maps and programs, by the formulas of map_memory_bytes and program_memory_bytes.",
    unit: "bytes",
    labels: [],
    group: "objects",
    needs: ["maps", "programs"],
    quality: "exact",
    source: "sum over all maps and programs",
    systemStats: true,
    samples: totalMemory,
  },
  {
    kind: "node",
    name: "odigos_ebpf_total_memlock_bytes",
    type: "gauge",
    help:
      "Memory that the kernel accounts to all maps, to all programs; objects of which it is not known are left out.",
    unit: "bytes",
    labels: ["type"],
    group: "objects",
    needs: ["memlock"],
    parts: { map: ["maps"], program: ["programs"] },
    quality: "exact",
    source: "sum of map_memlock_bytes, of program_memlock_bytes",
    systemStats: true,
    samples: totalMemlock,
  },
];

export const limitMetrics: readonly NodeMetric[] = [{
  kind: "node",
  name: "odigos_ebpf_system_resource_usage_percent",
  type: "gauge",
  help:
    "Use of a limit: memlock of maps and programs of MemTotal, JITed bytes of net.core.bpf_jit_limit, numbers of objects of the configured limits, entries of the fullest map.",
  unit: "percent",
  labels: ["resource"],
  group: "limits",
  needs: [],
  parts: {
    memory: ["maps", "programs", "memlock"],
    jit: ["programs", "jit-limit"],
    maps: ["maps"],
    programs: ["programs"],
    links: ["links"],
    map_entries: ["map-entries"],
  },
  quality: "exact",
  source:
    "total_memlock_bytes, MemTotal; bpf_prog_info.jited_prog_len, net.core.bpf_jit_limit; --limit; map_entries",
  systemStats: true,
  samples: resourceUsage,
}];

type Counted = Pick<Table<"map">, "size" | "created" | "destroyed">;

function* byTable(
  snapshot: NodeSnapshot,
  value: (table: Counted) => number,
): Generator<Sample> {
  const { map, program, link, btf } = snapshot.tables;
  for (const table of [map, program, link, btf]) {
    if (isKnown(table)) {
      yield { labels: { type: table.type }, value: value(table) };
    }
  }
}

function* totalMemory({ snapshot }: PageInput): Generator<Sample> {
  const { totalBytes } = memoryTotals(snapshot.tables);
  if (totalBytes !== undefined) yield { labels: {}, value: totalBytes };
}

function* totalMemlock({ snapshot }: PageInput): Generator<Sample> {
  const { mapBytes, programBytes } = memlockTotals(snapshot.tables);
  if (mapBytes !== undefined) {
    yield { labels: { type: "map" }, value: mapBytes };
  }
  if (programBytes !== undefined) {
    yield { labels: { type: "program" }, value: programBytes };
  }
}

function* resourceUsage(
  { snapshot, facts, limits }: PageInput,
): Generator<Sample> {
  const { map, program, link } = snapshot.tables;
  const { totalBytes } = memlockTotals(snapshot.tables);
  const { memoryBytes } = facts;
  if (totalBytes !== undefined && memoryBytes !== undefined) {
    const value = 100 * totalBytes / memoryBytes;
    yield { labels: { resource: "memory" }, value };
  }
  const used = [
    {
      resource: "jit",
      table: program,
      count: () =>
        sum(program.descriptions, (described) => described.jitedBytes),
      limit: facts.jitLimitBytes,
    },
    {
      resource: "maps",
      table: map,
      count: () => map.size,
      limit: limits.maps,
    },
    {
      resource: "programs",
      table: program,
      count: () => program.size,
      limit: limits.programs,
    },
    {
      resource: "links",
      table: link,
      count: () => link.size,
      limit: limits.links,
    },
  ];
  for (const { resource, table, count, limit } of used) {
    if (isKnown(table) && limit !== undefined && limit > 0) {
      yield { labels: { resource }, value: 100 * count() / limit };
    }
  }
  const fullest = fullestMapRatio(snapshot.tables);
  if (fullest !== undefined) {
    yield { labels: { resource: "map_entries" }, value: 100 * fullest };
  }
}

function sum<T>(
  described: readonly T[],
  value: (description: T) => number,
): number {
  let total = 0;
  for (const description of described) total += value(description);
  return total;
}
