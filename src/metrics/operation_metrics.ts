/**
 * Owns the metrics of bpf() operations on maps, and of what their counting misses. In: PageInput. Out: their entries in the catalog; absent,
 * never 0, where nothing counts, or counts in windows alone: that is no total.
 * @module
 */
import { OPERATION_NAMES, type OperationsState } from "../state/operations.ts";
import type { NodeSnapshot } from "../state/node_state.ts";
import type { NodeMetric, PageInput, Sample } from "./metric.ts";
import { type Labels, seriesLabels } from "./labels.ts";

const NS_PER_S = 1e9;
const UNSEEN = { map_id: "unseen", map_name: "unseen", map_type: "unseen" };
const OTHER = { map_id: "other", map_name: "other", map_type: "other" };

export const operationMetrics: readonly NodeMetric[] = [
  {
    kind: "node",
    name: "odigos_ebpf_map_operations_total",
    type: "counter",
    help:
      "Operations on a map by bpf() from user space, a batch being one, failed ones included; needs --operations on. Maps that no sample saw are unseen.",
    unit: "",
    labels: ["map_id", "map_name", "map_type", "operation"],
    group: "operations",
    quality: "exact",
    needs: ["operations"],
    qualityBy: "operations",
    source: "lsm, fentry or tracepoint of bpf(), counted in the kernel",
    samples: mapOperations,
  },
];

export const operationsCostMetrics: readonly NodeMetric[] = [
  {
    kind: "node",
    name: "odigos_ebpf_collector_operations_lost_total",
    type: "counter",
    help:
      "Operations, loads and failed attempts that found no room in the kernel's table, and are in no count.",
    unit: "",
    labels: [],
    group: "collector",
    quality: "exact",
    needs: ["operations"],
    source: "the agent's program in the kernel",
    *samples({ snapshot: { operations } }): Generator<Sample> {
      if (operations !== undefined) {
        yield { labels: {}, value: operations.lost };
      }
    },
  },
  {
    kind: "node",
    name: "odigos_ebpf_collector_operations_skipped_total",
    type: "counter",
    help:
      "Runs of the counting program that the kernel skipped, as kernels that preempt themselves do: each may be an operation, a load or a failed attempt in no count: above 0 these are lower bounds. With the hook lsm no operation is skipped.",
    unit: "",
    labels: [],
    group: "collector",
    quality: "exact",
    needs: ["operations"],
    source: "bpf_prog_info.recursion_misses",
    *samples({ snapshot: { operations } }): Generator<Sample> {
      if (operations?.skipped !== undefined) {
        yield { labels: {}, value: operations.skipped };
      }
    },
  },
  {
    kind: "node",
    name: "odigos_ebpf_collector_operations_cost_seconds",
    type: "gauge",
    help:
      "How much longer a call of bpf(), or any other system call, takes while operations are counted, as calls of the agent's own showed at start.",
    unit: "seconds",
    labels: ["call"],
    group: "collector",
    quality: "estimated",
    needs: ["operations"],
    source: "CLOCK_MONOTONIC around calls with the hook and without it",
    *samples({ facts: { operations } }): Generator<Sample> {
      const cost = operations?.cost;
      if (cost === undefined) return;
      yield { labels: { call: "bpf" }, value: cost.bpfNs / NS_PER_S };
      yield { labels: { call: "other" }, value: cost.otherNs / NS_PER_S };
    },
  },
  {
    kind: "node",
    name: "odigos_ebpf_collector_operations_attached",
    type: "gauge",
    help:
      "Whether each bpf() call of the node is counted now, and so costs more: 1, or 0 between windows.",
    unit: "",
    labels: ["hook"],
    group: "collector",
    quality: "exact",
    needs: ["operations"],
    source: "the agent's own count",
    *samples({ snapshot: { operations } }): Generator<Sample> {
      if (operations === undefined) return;
      const { hook, isAttached } = operations;
      yield { labels: { hook }, value: isAttached ? 1 : 0 };
    },
  },
];

/** What was counted since the start; undefined where that is not known. */
export function totalsOf(
  { operations }: Pick<NodeSnapshot, "operations">,
): OperationsState | undefined {
  return operations?.isWindowed === false ? operations : undefined;
}

/** Maps that have no series of their own. */
export function mapsLeftOut(operations: OperationsState): number {
  return operations.maps.filter(({ hasOwnSeries }) => !hasOwnSeries).length;
}

function* mapOperations({ snapshot }: PageInput): Generator<Sample> {
  const operations = totalsOf(snapshot);
  if (operations === undefined) return;
  for (const { map, counts, hasOwnSeries } of operations.maps) {
    if (hasOwnSeries) {
      yield* byOperation(seriesLabels("map", map).labels, counts);
    }
  }
  yield* byOperation(UNSEEN, operations.unseen);
  yield* byOperation(OTHER, operations.other);
}

function* byOperation(
  labels: Labels,
  counts: readonly number[],
): Generator<Sample> {
  for (const [i, operation] of OPERATION_NAMES.entries()) {
    // What never happened to a map has no series: there would be nine a map.
    if (counts[i] > 0) {
      yield { labels: { ...labels, operation }, value: counts[i] };
    }
  }
}
