/**
 * Owns the metrics of run-time statistics themselves: who keeps them, for how much of the time, what they cost. In: PageInput. Out: their
 * entries in the catalog; what was not measured is absent.
 * @module
 */
import { isOtherOn, isSysctlOn, runStatsCoverage } from "../state/run_stats.ts";
import type { NodeMetric, PageInput, Sample } from "./metric.ts";

const OF_STATISTICS = {
  kind: "node",
  type: "gauge",
  labels: [],
  group: "programs",
  needs: ["run-stats"],
} as const;

const NS_PER_S = 1e9;

export const runStatsMetrics: readonly NodeMetric[] = [
  {
    ...OF_STATISTICS,
    name: "odigos_ebpf_stats_enabled",
    help:
      "Whether run-time statistics of programs are kept, always or in windows, by whom; sysctl and other as found when the agent started, or before the last window.",
    unit: "",
    labels: ["source"],
    needs: [],
    quality: "exact",
    source: "BPF_ENABLE_STATS, kernel.bpf_stats_enabled, test runs",
    samples: statsEnabled,
  },
  {
    ...OF_STATISTICS,
    name: "odigos_ebpf_stats_coverage_ratio",
    help:
      "Part of the time since the agent's start in which runs of programs were counted, at least; dividing by it estimates what runs and run time rose by. Absent where nobody keeps them.",
    unit: "ratio",
    quality: "lower bound",
    source: "the agent's own count; test runs between windows",
    samples: ({ facts, snapshot }) =>
      one(runStatsCoverage(facts.runStats, snapshot.runStats)),
  },
  {
    ...OF_STATISTICS,
    name: "odigos_ebpf_stats_floor_ns",
    help:
      "Run time that statistics tell of one run of an empty program here; it is in each run of every program, and is not subtracted.",
    unit: "ns",
    quality: "estimated",
    source: "BPF_PROG_TEST_RUN of an empty program at start",
    samples: ({ facts }) => one(facts.runStats.floorNs),
  },
  {
    ...OF_STATISTICS,
    name: "odigos_ebpf_stats_cost_ns",
    help:
      "What statistics add to one run of a program; absent where somebody else kept them already when the agent started.",
    unit: "ns",
    needs: ["stats-cost"],
    quality: "estimated",
    source: "BPF_PROG_TEST_RUN with and without statistics at start",
    samples: ({ facts }) => one(facts.runStats.costNs),
  },
  {
    ...OF_STATISTICS,
    name: "odigos_ebpf_stats_cost_cpu_ratio",
    help:
      "Share of one CPU that statistics cost the node: stats_cost_ns for each run of the last interval, or of the last window times stats_coverage_ratio.",
    unit: "ratio",
    needs: ["programs", "stats-cost"],
    quality: "estimated",
    source: "stats_cost_ns, bpf_prog_info.run_cnt",
    samples: (input) => one(costRatio(input)),
  },
];

function* one(value: number | undefined): Generator<Sample> {
  if (value !== undefined) yield { labels: {}, value };
}

function* statsEnabled({ facts, snapshot }: PageInput): Generator<Sample> {
  const enabled = {
    agent: facts.runStats.agent,
    sysctl: isSysctlOn(facts.runStats, snapshot.runStats),
    other: isOtherOn(facts.runStats, snapshot.runStats),
  };
  for (const source of ["agent", "sysctl", "other"] as const) {
    const value = enabled[source];
    if (value !== undefined) yield { labels: { source }, value: value ? 1 : 0 };
  }
}

function costRatio(
  { facts: { runStats }, snapshot }: PageInput,
): number | undefined {
  const { costNs, window } = runStats;
  const perSecond = window === undefined
    ? snapshot.tables.program.perSecond
    : snapshot.runStats?.runsPerSecond;
  const coverage = runStatsCoverage(runStats, snapshot.runStats);
  return costNs === undefined || perSecond === undefined ||
      coverage === undefined
    ? undefined
    : costNs * perSecond * coverage / NS_PER_S;
}
