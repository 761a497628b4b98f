/**
 * Owns the metrics of groups of processes: what they hold, load, do and fail at. In: PageInput. Out: their entries in the catalog; absent,
 * never 0, where it is not known.
 * @module
 */
import type { ManagerState } from "../state/managers.ts";
import { LOAD_BOUNDS } from "../state/process_counts.ts";
import { isKnown } from "../state/totals.ts";
import type { NodeMetric, PageInput, Sample } from "./metric.ts";
import { totalsOf } from "./operation_metrics.ts";

const PREFIX = "odigos_ebpf_instrumentation_manager";
const HELD_SOURCE =
  "open descriptors of all processes (bpf_iter task_file), references between objects";
const HOOK_SOURCE = "lsm, fentry or tracepoint of bpf(), counted in the kernel";

/** As OpenMetrics writes numbers: one series in both formats. */
const BOUND_TEXTS: readonly string[] = [
  ...LOAD_BOUNDS.map((bound) =>
    Number.isInteger(bound) ? `${bound}.0` : `${bound}`
  ),
  "+Inf",
];

const OF_MANAGERS = {
  kind: "node",
  labels: ["manager"],
  group: "managers",
  quality: "exact",
  source: HOOK_SOURCE,
} as const;

const COUNTED = {
  ...OF_MANAGERS,
  needs: ["operations"],
  qualityBy: "operations",
} as const;

export const managerMetrics: readonly NodeMetric[] = [
  loaded("program", "Programs"),
  loaded("map", "Maps"),
  loaded("link", "Links"),
  {
    ...COUNTED,
    name: `${PREFIX}_program_load_duration_ms`,
    type: "histogram",
    help:
      "Time that loads of programs took, failed ones included, from the enter to the exit of BPF_PROG_LOAD; needs --operations on.",
    unit: "ms",
    samples: loadDurations,
  },
  counted("lookups", "Look-ups in maps by bpf(), batches included"),
  counted("updates", "Updates of maps by bpf(), batches included"),
  {
    ...OF_MANAGERS,
    name: `${PREFIX}_program_errors_total`,
    type: "counter",
    help:
      "Loads and attachments that failed, which need --operations on, and runs of held programs that the kernel skipped.",
    unit: "",
    labels: ["manager", "kind", "errno"],
    needs: [],
    parts: {
      load: ["operations"],
      attach: ["operations"],
      missed_run: ["holders", "missed-runs"],
    },
    source: `${HOOK_SOURCE}; bpf_prog_info.recursion_misses`,
    samples: programErrors,
  },
];

function loaded(type: "program" | "map" | "link", what: string): NodeMetric {
  return {
    ...OF_MANAGERS,
    needs: [`${type}s`, "holders"],
    qualityBy: "holders",
    name: `${PREFIX}_loaded_${type}s`,
    type: "gauge",
    help:
      `${what} that the processes of a manager hold, directly or through others, each once.`,
    unit: "",
    source: HELD_SOURCE,
    *samples({ snapshot }: PageInput): Generator<Sample> {
      if (!isKnown(snapshot.tables[type])) return;
      for (const { name, held } of snapshot.managers ?? []) {
        if (held !== undefined) {
          yield { labels: { manager: name }, value: held[type] };
        }
      }
    },
  };
}

function counted(what: "lookups" | "updates", help: string): NodeMetric {
  return {
    ...COUNTED,
    name: `${PREFIX}_map_${what}_total`,
    type: "counter",
    help: `${help}, failed ones included; needs --operations on.`,
    unit: "",
    *samples(input: PageInput): Generator<Sample> {
      for (const { name, account } of countedManagers(input)) {
        yield { labels: { manager: name }, value: account[what] };
      }
    },
  };
}

/** None where nothing is counted, or nothing that is a total. */
function countedManagers({ snapshot }: PageInput): readonly ManagerState[] {
  return totalsOf(snapshot) === undefined ? [] : snapshot.managers ?? [];
}

function* loadDurations(input: PageInput): Generator<Sample> {
  const metricName = `${PREFIX}_program_load_duration_ms`;
  for (const { name: manager, account } of countedManagers(input)) {
    const { loads } = account;
    if (loads === undefined) continue;
    let count = 0;
    for (const [i, le] of BOUND_TEXTS.entries()) {
      count += loads.buckets[i];
      yield {
        metricName: `${metricName}_bucket`,
        labels: { le, manager },
        value: count,
      };
    }
    yield {
      metricName: `${metricName}_sum`,
      labels: { manager },
      value: loads.sumMs,
    };
    yield {
      metricName: `${metricName}_count`,
      labels: { manager },
      value: count,
    };
  }
}

function* programErrors(input: PageInput): Generator<Sample> {
  for (const { name: manager, account } of countedManagers(input)) {
    const { loadErrors, attachErrors } = account;
    yield* byErrno(manager, "load", loadErrors, input);
    yield* byErrno(manager, "attach", attachErrors, input);
  }
  const { managers, tables: { program } } = input.snapshot;
  // A kernel before 5.12 does not tell.
  if (program.columns.recursionMisses.every(Number.isNaN)) return;
  for (const { name: manager, held, account } of managers ?? []) {
    if (held === undefined) continue;
    yield {
      labels: { manager, kind: "missed_run", errno: "" },
      value: account.missedRuns,
    };
  }
}

function* byErrno(
  manager: string,
  kind: string,
  errors: ReadonlyMap<number, number>,
  { errnoName }: PageInput,
): Generator<Sample> {
  for (const [errno, value] of [...errors].sort(([a], [b]) => a - b)) {
    yield { labels: { manager, kind, errno: errnoName(errno) }, value };
  }
}
