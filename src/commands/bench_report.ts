/**
 * Owns how the figures of `bench` are shown. In: what was measured. Out: lines for a terminal, or JSON with every raw figure.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type { StatsCost } from "../../workers/bench_stats.ts";
import type { BenchRequest } from "../cli/bench_flags.ts";
import { formatDuration } from "../config/duration.ts";
import { safeJson } from "../config/quoted.ts";
import type { AgentCpu } from "./bench_agent.ts";
import type { CpuModel } from "./bench_budget.ts";
import { type CostRow, quantile } from "./bench_cost.ts";
import type { Layout } from "./output.ts";
import { textTable, wrapped } from "./text_table.ts";

export interface BenchReport {
  readonly version: string;
  readonly facts: Pick<NodeFacts, "kernelRelease">;
  readonly request: BenchRequest;
  readonly costs: readonly CostRow[];
  /** What run-time statistics cost, or why that is not known. */
  readonly statsCost: StatsCost | string;
  readonly agent: AgentCpu;
  readonly model: CpuModel;
  /** Absent where no interval keeps within the budget. */
  readonly intervalMs?: number;
}

export function benchJson(report: BenchReport): string {
  const { version, facts, request, costs, statsCost, agent, model } = report;
  const { intervalMs } = report;
  return safeJson({
    version,
    kernel: { release: facts.kernelRelease ?? null },
    samples: costs.map(({ cost, ...row }) => ({ ...row, ...cost })),
    runStats: typeof statsCost === "string"
      ? { reason: statsCost }
      : { ...statsCost, ...statsFigures(statsCost) },
    agent: {
      backends: agent.backends,
      windows: agent.windows.map((window) => ({
        ...window,
        intervalMs: window.intervalMs ?? null,
        cpuRatio: window.cpuMs / window.wallMs,
      })),
      fit: model,
    },
    budget: {
      cpuRatio: request.budgetRatio,
      intervalMs: intervalMs ?? null,
    },
  });
}

/** Texts in longer lines are hard to read. */
const MOST_COLUMNS = 120;
const ABSENT = "-";

export function benchTable(report: BenchReport, layout: Layout): string[] {
  const { version, facts } = report;
  const width = Math.min(layout.widthColumns, MOST_COLUMNS);
  return [
    `bpfpulse ${version} on Linux ${facts.kernelRelease ?? "(unknown)"}`,
    "",
    ...costLines(report, layout.widthColumns),
    "",
    ...cpuLines(report, layout.widthColumns),
    "",
    ...wrapped(verdict(report), width),
    "",
    ...wrapped(statsVerdict(report), width),
    "",
    ...wrapped(HOW, width),
  ];
}

const HOW =
  "A sample is one pass of a collector on one thread, by wall time; MADE of its objects were this command's own, and are gone. CPU % is of one core, for the whole process: workers, supervisor and state, without a server and without scrapes.";

function costLines({ costs }: BenchReport, width: number): string[] {
  const lines = textTable(
    [
      { title: "COLLECTOR", align: "left" },
      { title: "BACKEND", align: "left" },
      { title: "MADE", align: "right" },
      { title: "OBJECTS", align: "right" },
      { title: "MEDIAN µs", align: "right" },
      { title: "P90 µs", align: "right" },
      { title: "ROUNDS", align: "right" },
    ],
    costs.map(({ collector, backend, made, cost }) => [
      collector,
      backend,
      String(made),
      ...("reason" in cost ? [ABSENT, ABSENT, ABSENT, ABSENT] : [
        String(cost.objects),
        cost.medianUs.toFixed(0),
        cost.p90Us.toFixed(0),
        String(cost.rounds),
      ]),
    ]),
    width,
  );
  const reasons = costs.flatMap(({ collector, backend, cost }) =>
    "reason" in cost ? [`${collector} by ${backend}: ${cost.reason}`] : []
  );
  return [
    ...lines,
    ...[...new Set(reasons)].flatMap((reason) =>
      wrapped(reason, Math.min(width, MOST_COLUMNS))
    ),
  ];
}

function cpuLines({ agent }: BenchReport, width: number): string[] {
  return textTable(
    [
      { title: "INTERVAL", align: "left" },
      { title: "CPU %", align: "right" },
      { title: "TICKS", align: "right" },
      { title: "SECONDS", align: "right" },
    ],
    agent.windows.map(({ intervalMs, wallMs, cpuMs, ticks }) => [
      intervalMs === undefined ? "at rest" : formatDuration(intervalMs),
      percent(cpuMs / wallMs),
      ticks.toFixed(0),
      (wallMs / 1000).toFixed(1),
    ]),
    width,
  );
}

function verdict({ request, model, agent, intervalMs }: BenchReport): string {
  const budget = `${Number((100 * request.budgetRatio).toFixed(3))}%`;
  const parts = `${percent(model.restRatio)}% at rest and ${
    model.tickMs.toFixed(2)
  } ms a tick, the least-squares line through the shares above`;
  const backends = Object.entries(agent.backends).map(([name, backend]) =>
    `${name} by ${backend}`
  ).join(", ");
  return intervalMs === undefined
    ? `No interval keeps the agent within ${budget} of a core (${backends}): it takes ${parts}.`
    : `--interval ${
      formatDuration(intervalMs)
    } or longer keeps the agent within ${budget} of a core (${backends}): it takes ${parts}.`;
}

/** Medians of all rounds, ns a run. */
function statsFigures(
  { uncountedNs, countedNs, toldNs }: StatsCost,
): { costNs: number; floorNs: number; costRange: readonly [number, number] } {
  const more = countedNs.map((ns, round) => ns - uncountedNs[round])
    .sort((a, b) => a - b);
  return {
    costNs: quantile(more, 0.5),
    costRange: [more[0], more[more.length - 1]],
    floorNs: quantile(toldNs.toSorted((a, b) => a - b), 0.5),
  };
}

function statsVerdict({ statsCost }: BenchReport): string {
  if (typeof statsCost === "string") {
    return `What run-time statistics cost cannot be measured: ${statsCost}.`;
  }
  const { costNs, costRange: [least, most], floorNs } = statsFigures(statsCost);
  return `Run-time statistics add ${costNs.toFixed(0)} ns (${
    least.toFixed(0)
  } to ${
    most.toFixed(0)
  }, ${statsCost.countedNs.length} rounds) to each run of each program while they are on; of an empty program they tell ${
    floorNs.toFixed(1)
  } ns a run. With --run-stats window=ON/EVERY runs cost that for ON of each EVERY alone.`;
}

function percent(ratio: number): string {
  return (100 * ratio).toFixed(2);
}
