/**
 * Owns the command `catalog`: every metric, and what it is on this machine. In: the catalog, who takes a sample, what acquire found. Out: a
 * table or JSON; or Markdown, which is the same on every machine.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type { CatalogFormat } from "../cli/parse.ts";
import type { Config } from "../config/config.ts";
import { catalog, type Metric } from "../metrics/catalog.ts";
import { catalogMarkdown } from "../metrics/catalog_markdown.ts";
import { metricGroups } from "../metrics/metric.ts";
import type { BlockSource } from "../state/aggregator.ts";
import { type Here, hereOf } from "./catalog_here.ts";
import { checkRows } from "./check_rows.ts";
import type { Sampler } from "./once.ts";
import type { CommandOutput, Layout } from "./output.ts";
import { SampledNode } from "./sampled_node.ts";
import { textTable, wrapped } from "./text_table.ts";

export interface CatalogOptions {
  readonly config: Config;
  readonly facts: NodeFacts;
  readonly format: Exclude<CatalogFormat, "markdown">;
  readonly layout: Layout;
  /** As `0.1.0`. */
  readonly version: string;
  readonly sample: Sampler;
  openBlock(buffer: SharedArrayBuffer): BlockSource;
}

/** What there is of a metric on this machine. */
interface Entry {
  readonly metric: Metric;
  readonly here: Here;
}

/** Without privileges it says so of each metric: that is no failure. */
export function catalogHere(options: CatalogOptions): CommandOutput {
  const node = new SampledNode(options);
  options.sample((message, name) => node.take(message, name));
  const rows = checkRows(options.facts, node);
  const { systemStats } = options.config;
  const entries = catalog.map((metric) => ({
    metric,
    here: hereOf(metric, { rows, systemStats }),
  }));
  return printed(
    options.format === "json"
      ? JSON.stringify(entries.map(described), null, 2)
      : tableLines(entries, options).join("\n"),
  );
}

/** Reads nothing of the machine. */
export function catalogAsMarkdown(): CommandOutput {
  return printed(catalogMarkdown());
}

function printed(text: string): CommandOutput {
  return { stdout: `${text}\n`, stderr: [], exitCode: 0 };
}

function described({ metric, here }: Entry): Record<string, unknown> {
  const { name, type, unit, labels, quality, group, source, help } = metric;
  return { name, type, unit, labels, quality, here, group, source, help };
}

const INDENT = "    ";
/** Text in longer lines is hard to read. */
const MOST_COLUMNS = 120;

/** A line of a metric's own, for grep, and what it means beneath it; `?collect[]=` takes the groups' names. */
function tableLines(
  entries: readonly Entry[],
  { layout: { widthColumns }, facts, version }: CatalogOptions,
): string[] {
  const width = Math.min(widthColumns, MOST_COLUMNS) - INDENT.length;
  const [head, ...rows] = textTable(
    [
      { title: "METRIC", align: "left" },
      { title: "HERE", align: "left" },
    ],
    entries.map(({ metric, here }) => [metric.name, here.quality]),
    widthColumns,
  );
  const missing =
    entries.filter(({ here }) => here.quality === "unavailable").length;
  const lines = [
    `bpfpulse ${version} on Linux ${facts.kernelRelease ?? "(unknown)"}: ${
      missing === 0
        ? `all ${entries.length} metrics are available`
        : `${missing} of ${entries.length} metrics unavailable`
    }`,
    "",
    head,
  ];
  for (const group of metricGroups) {
    lines.push("", `${group}:`);
    entries.forEach((entry, index) => {
      if (entry.metric.group === group) {
        lines.push(rows[index], ...meaning(entry, width));
      }
    });
  }
  return lines;
}

function meaning({ metric, here }: Entry, width: number): string[] {
  const { help, type, unit, quality, labels, source } = metric;
  return [
    help,
    `Type: ${type}${unit === "" ? "" : `; unit: ${unit}`}; quality: ${quality}`,
    ...(labels.length === 0 ? [] : [`Labels: ${labels.join(", ")}`]),
    `Source: ${source}`,
    ...(here.reason === undefined ? [] : [`Here: ${here.reason}`]),
  ].flatMap((text) => wrapped(text, width)).map((line) => INDENT + line);
}
