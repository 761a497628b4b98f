/**
 * Owns the command `bench`: what collecting costs on this machine, and the interval that keeps the agent within a budget. In: what it
 * may ask of the kernel and of threads. Out: a table or JSON. All that it makes hangs by descriptors, so that nothing is left
 * however it ends.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type { StatsCost } from "../../workers/bench_stats.ts";
import type { BenchRequest } from "../cli/bench_flags.ts";
import type { BenchFormat } from "../cli/parse.ts";
import type { AgentCpu } from "./bench_agent.ts";
import { fitCpu, intervalWithin } from "./bench_budget.ts";
import { type CostPorts, measureCosts } from "./bench_cost.ts";
import { benchJson, type BenchReport, benchTable } from "./bench_report.ts";
import type { CommandOutput, Layout } from "./output.ts";

export interface BenchOptions extends CostPorts {
  readonly request: BenchRequest;
  readonly format: BenchFormat;
  readonly layout: Layout;
  /** As `0.1.0`. */
  readonly version: string;
  readonly facts: NodeFacts;
  /** RLIMIT_NOFILE, soft. */
  readonly openFilesLimit: number;
  /** What run-time statistics cost, or why that is not known. */
  readonly statsCost: StatsCost | string;
  /** @throws {Error} where the workers do not sample */
  measureAgent(seconds: number): Promise<AgentCpu>;
}

/** What the runtime, the workers and the command itself have open. */
const OTHER_FILES = 128;

export async function bench(options: BenchOptions): Promise<CommandOutput> {
  const { request, openFilesLimit, facts } = options;
  const most = Math.max(0, openFilesLimit - OTHER_FILES);
  if (request.objects > most) {
    return failed(
      `Cannot make the objects: expected at most ${most} by the limit of ${openFilesLimit} open files, found ${request.objects}`,
    );
  }
  const costs = measureCosts(options, request.objects);
  const reasons = costs.flatMap(({ made, cost }) =>
    made === 0 && "reason" in cost ? [cost.reason] : []
  );
  if (reasons.length === costs.filter(({ made }) => made === 0).length) {
    const how = facts.missing.map(({ how }) => `; ${how}`).join("");
    return failed(
      `Cannot measure: no collector works here: ${
        [...new Set(reasons)].join(", ")
      }${how}`,
    );
  }
  let agent: AgentCpu;
  try {
    agent = await options.measureAgent(request.seconds);
  } catch (error) {
    return failed(
      `Cannot measure the agent: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
  const model = fitCpu(agent.windows);
  const intervalMs = intervalWithin(model, request.budgetRatio);
  const report: BenchReport = {
    version: options.version,
    facts,
    request,
    costs,
    statsCost: options.statsCost,
    agent,
    model,
    ...(intervalMs === undefined ? {} : { intervalMs }),
  };
  return {
    stdout: options.format === "json"
      ? `${benchJson(report)}\n`
      : `${benchTable(report, options.layout).join("\n")}\n`,
    stderr: [],
    exitCode: 0,
  };
}

function failed(sentence: string): CommandOutput {
  return { stdout: "", stderr: [sentence], exitCode: 1 };
}
