/**
 * Owns the metrics of the agent's collectors: what watching costs and how well it goes. In: CollectorHealth, as the
 * supervisor knows it. Out: their entries in the catalog.
 * @module
 */
import { perfMetrics, ringMetrics } from "./buffer_metrics.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import { CPU_ENTRIES } from "./cpu_entries_metrics.ts";
import { isShown } from "./metric.ts";
import { mapsLeftOut, totalsOf } from "./operation_metrics.ts";
import { OWNER_INFO } from "./owner_metrics.ts";
import type {
  HistogramMetric,
  NodeMetric,
  PageInput,
  Sample,
} from "./metric.ts";
import { linkMetrics, mapMetrics, programMetrics } from "./object_metrics.ts";

const ofCollectors = {
  kind: "node",
  unit: "",
  group: "collector",
  needs: [],
  quality: "exact",
  source: "the agent's own count",
} as const;

export const sampleDuration: HistogramMetric = {
  kind: "histogram",
  name: "odigos_ebpf_collector_sample_duration_seconds",
  type: "histogram",
  help: "Time that a collector's sample took.",
  unit: "seconds",
  labels: ["collector"],
  group: "collector",
  needs: [],
  quality: "exact",
  source: "CLOCK_MONOTONIC around the sample, in its worker",
  // deno-fmt-ignore -- one decade a line
  buckets: [
    0.0001, 0.00025, 0.0005,
    0.001, 0.0025, 0.005,
    0.01, 0.025, 0.05,
    0.1, 0.25, 0.5,
    2.5,
  ],
};

export const collectorMetrics: readonly NodeMetric[] = [
  count({
    name: "odigos_ebpf_collector_samples_total",
    help:
      "Samples that a collector took; those that failed are in errors_total as well.",
    value: (collector) => collector.samples,
  }),
  countBy("error", {
    name: "odigos_ebpf_collector_errors_total",
    help:
      "Samples that failed, by errno name, and lives of the worker that ended, as worker.",
    counts: (collector) => collector.errors,
  }),
  countBy("errno", {
    name: "odigos_ebpf_collector_skipped_objects_total",
    help: "Objects that could not be read, each once a sample, by errno name.",
    counts: (collector) => collector.skipped,
  }),
  count({
    name: "odigos_ebpf_collector_syscalls_total",
    help: "System calls that a collector made to sample.",
    value: (collector) => collector.syscalls,
  }),
  count({
    name: "odigos_ebpf_collector_missed_ticks_total",
    help: "Samples that were skipped because the one before was late.",
    value: (collector) => collector.missedTicks,
  }),
  {
    ...ofCollectors,
    name: "odigos_ebpf_collector_snapshot_age_seconds",
    type: "gauge",
    help: "Time since the start of the sample that is served.",
    unit: "seconds",
    labels: ["collector"],
    source: "CLOCK_MONOTONIC",
    samples: snapshotAges,
  },
  {
    ...ofCollectors,
    name: "odigos_ebpf_collector_backend_info",
    type: "gauge",
    help: "What a collector samples with, and why, always 1.",
    labels: ["collector", "backend", "reason"],
    source: "the worker's probes",
    samples: backends,
  },
  count({
    name: "odigos_ebpf_collector_restarts_total",
    help: "Times that a collector's worker was started again.",
    value: (collector) => collector.restarts,
  }),
  {
    ...ofCollectors,
    name: "odigos_ebpf_collector_dropped_series",
    type: "gauge",
    help:
      "Objects, buffers or maps with operations that have no series of their own in a family, for --max-series.",
    labels: ["family"],
    source: "the agent's ranking",
    samples: droppedSeries,
  },
];

function* snapshotAges({ collectors, nowMs }: PageInput): Generator<Sample> {
  for (const { name, sampledAtMs } of collectors) {
    if (sampledAtMs !== undefined) {
      yield {
        labels: { collector: name },
        value: (nowMs - sampledAtMs) / 1000,
      };
    }
  }
}

function* backends({ collectors }: PageInput): Generator<Sample> {
  for (const { name, backend, backendReason } of collectors) {
    if (backend !== undefined) {
      yield {
        labels: { collector: name, backend, reason: backendReason ?? "" },
        value: 1,
      };
    }
  }
}

function* droppedSeries(input: PageInput): Generator<Sample> {
  for (const metric of [...mapMetrics, ...programMetrics, ...linkMetrics]) {
    if (isShown(metric, input)) {
      yield {
        labels: { family: metric.name },
        value: input.snapshot.tables[metric.table].restSize,
      };
    }
  }
  if (input.snapshot.holders !== undefined) {
    const { map, program, link, btf } = input.snapshot.tables;
    yield {
      labels: { family: OWNER_INFO },
      value: [map, program, link, btf].reduce(
        (all, table) => all + table.restSize,
        0,
      ),
    };
  }
  const { cpuEntries } = input.snapshot;
  if (cpuEntries !== undefined) {
    yield { labels: { family: CPU_ENTRIES }, value: cpuEntries.restSize };
  }
  const operations = totalsOf(input.snapshot);
  if (operations !== undefined) {
    yield {
      labels: { family: "odigos_ebpf_map_operations_total" },
      value: mapsLeftOut(operations),
    };
  }
  const { buffers } = input.snapshot;
  if (buffers === undefined) return;
  for (const metric of [...ringMetrics, ...perfMetrics]) {
    const { size, restSize } = buffers[metric.of];
    if (size > 0) yield { labels: { family: metric.name }, value: restSize };
  }
}

function count(
  { name, help, value }: {
    name: string;
    help: string;
    value: (collector: CollectorHealth) => number;
  },
): NodeMetric {
  return {
    ...ofCollectors,
    name,
    type: "counter",
    help,
    labels: ["collector"],
    *samples({ collectors }): Generator<Sample> {
      for (const collector of collectors) {
        yield {
          labels: { collector: collector.name },
          value: value(collector),
        };
      }
    },
  };
}

function countBy(
  label: string,
  { name, help, counts }: {
    name: string;
    help: string;
    counts: (collector: CollectorHealth) => Readonly<Record<string, number>>;
  },
): NodeMetric {
  return {
    ...ofCollectors,
    name,
    type: "counter",
    help,
    labels: ["collector", label],
    *samples({ collectors }): Generator<Sample> {
      for (const collector of collectors) {
        for (const [key, value] of Object.entries(counts(collector))) {
          yield { labels: { collector: collector.name, [label]: key }, value };
        }
      }
    },
  };
}
