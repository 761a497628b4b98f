/**
 * Owns the command `once`: one sample of everything, or two for rates, printed. In: who takes samples, what was found at start.
 * Out: a table, the JSON of GET /api/v1/snapshot or the text of /metrics; what could not be read as sentences beside it. It fails only where nothing at all
 * could be read.
 * @module
 */
import type { OnceFormat, OnceView } from "../cli/parse.ts";
import type { NodeFacts } from "../../workers/acquire.ts";
import type { CollectorName, FromWorker } from "../../workers/protocol.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { ProcessUsage } from "../metrics/metric.ts";
import type { BlockSource } from "../state/aggregator.ts";
import { isKnown } from "../state/totals.ts";
import { missingSentences } from "./missing.ts";
import { onceTable } from "./once_table.ts";
import type { CommandOutput, Layout } from "./output.ts";
import { SampledNode } from "./sampled_node.ts";

/** Takes a sample of everything before it returns; again() takes one more. workers/sample_once.ts has it. */
export type Sampler = (
  sink: (message: FromWorker, name: CollectorName) => void,
) => { again(): void };

export interface OnceOptions {
  readonly config: Config;
  readonly facts: NodeFacts;
  readonly clock: Clock;
  readonly sample: Sampler;
  openBlock(buffer: SharedArrayBuffer): BlockSource;
  processUsage(): ProcessUsage;
  readonly format: OnceFormat;
  /** Two samples, `config.intervalMs` apart. */
  readonly rates: boolean;
  /** What the table and the JSON go by. */
  readonly by: OnceView;
  readonly layout: Layout;
  /** As `0.1.0`. */
  readonly version: string;
}

export async function once(options: OnceOptions): Promise<CommandOutput> {
  const { config, clock } = options;
  const node = new SampledNode({
    ...options,
    labels: options.format === "prom",
  });
  const rounds = options.sample((message, name) => node.take(message, name));
  if (options.rates) {
    await new Promise<void>((done) => {
      clock.after(config.intervalMs, done);
    });
    rounds.again();
  }
  return await onceOutput(node, options);
}

/** What `once` prints of a node that was sampled. */
async function onceOutput(
  node: SampledNode,
  options: OnceOptions,
): Promise<CommandOutput> {
  const { facts, rates } = options;
  const known = Object.values(node.freeze().tables).some(isKnown);
  const stderr = missingSentences((table) => node.outcome(table), facts);
  const { agent, sysctl, other, reason } = facts.runStats;
  if (rates && known && !agent && !sysctl && !other) {
    stderr.push(
      `Cannot tell CPU shares: run-time statistics are not kept: ${
        reason ?? "--run-stats is off"
      }`,
    );
  }
  const { holders, holdersReason } = node.freeze();
  if (options.by === "owner" && holders === undefined) {
    stderr.push(
      `Cannot tell owners: ${
        holdersReason ?? "nobody could look at what keeps objects alive"
      }`,
    );
  }
  return {
    stdout: await onceText(node, options),
    stderr,
    exitCode: known ? 0 : 1,
  };
}

async function onceText(
  node: SampledNode,
  options: OnceOptions,
): Promise<string> {
  const { facts, rates, layout, clock } = options;
  switch (options.format) {
    case "table": {
      const snapshot = node.freeze();
      if (!Object.values(snapshot.tables).some(isKnown)) return "";
      if (options.by === "owner") {
        const { ownersTable } = await import("./once_owners.ts");
        return `${ownersTable(snapshot, layout).join("\n")}\n`;
      }
      const lines = onceTable({ snapshot, facts, rates, layout });
      return `${lines.join("\n")}\n`;
    }
    case "json": {
      // Loaded for this format alone.
      const [{ snapshotPieces }, { Revisions }] = await Promise.all([
        import("../http/api/answers.ts"),
        import("../http/api/revisions.ts"),
      ]);
      if (options.by === "owner") {
        const { ownersText } = await import("../http/api/owner_list.ts");
        return ownersText(node.freeze(), new Revisions(clock), options.version);
      }
      return [
        ...snapshotPieces(node.freeze(), new Revisions(clock), options.version),
      ]
        .join("");
    }
    case "prom":
      return await page(node, options);
  }
}

async function page(node: SampledNode, options: OnceOptions): Promise<string> {
  // Loaded for this format alone: prom-client's classes cost more than a sample.
  const { Exposition } = await import("../metrics/exposition.ts");
  const { facts, clock, config } = options;
  const exposition = new Exposition({
    state: node,
    collectors: () => node.collectors(),
    processUsage: () => options.processUsage(),
    facts,
    limits: config.limits,
    systemStats: config.systemStats,
    clock,
  });
  for (const { name, durationMs } of node.samples) {
    exposition.observeSample(name, durationMs);
  }
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of exposition.stream("prometheus")) {
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
