/**
 * Owns the command `check`: what this kernel and these privileges allow, found by trying. In: who takes a sample, what acquire
 * found, what is required. Out: a table or JSON; a failure with one sentence for each thing that is required and missing.
 * @module
 */
import type { CheckFormat } from "../cli/parse.ts";
import type { NodeFacts } from "../../workers/acquire.ts";
import type { CheckName } from "../check_names.ts";
import type { Config } from "../config/config.ts";
import { safeJson } from "../config/quoted.ts";
import type { BlockSource } from "../state/aggregator.ts";
import { type CheckRow, checkRows, type SampledState } from "./check_rows.ts";
import type { Sampler } from "./once.ts";
import type { CommandOutput, Layout } from "./output.ts";
import { SampledNode } from "./sampled_node.ts";
import { textTable, wrapped } from "./text_table.ts";

export type { CheckQuality, CheckRow } from "./check_rows.ts";

export interface CheckReportOptions {
  readonly facts: NodeFacts;
  readonly format: CheckFormat;
  readonly require: readonly CheckName[];
  readonly layout: Layout;
  /** As `0.1.0`. */
  readonly version: string;
}

export interface CheckOptions extends CheckReportOptions {
  readonly config: Config;
  readonly sample: Sampler;
  openBlock(buffer: SharedArrayBuffer): BlockSource;
}

export function check(options: CheckOptions): CommandOutput {
  const node = new SampledNode(options);
  options.sample((message, name) => node.take(message, name));
  return checkReport(node, options);
}

/** What `check` says of a node that was sampled once. */
function checkReport(
  node: SampledState,
  options: CheckReportOptions,
): CommandOutput {
  const rows = checkRows(options.facts, node);
  const stderr = rows.flatMap(({ name, ok, reason, remedy }) =>
    ok || !options.require.includes(name)
      ? []
      : [`Cannot do without ${name}: ${reason}; to get it: ${remedy ?? "-"}`]
  );
  return {
    stdout: options.format === "json"
      ? `${reportJson(rows, options)}\n`
      : `${reportLines(rows, options).join("\n")}\n`,
    stderr,
    exitCode: stderr.length === 0 ? 0 : 1,
  };
}

function reportJson(
  checks: readonly CheckRow[],
  { facts, version }: CheckReportOptions,
): string {
  const { kernelRelease, kernelBtf, runStats } = facts;
  return safeJson({
    version,
    kernel: {
      release: kernelRelease ?? null,
      btf: kernelBtf ?? null,
    },
    privileges: {
      ...facts.privileges,
      atStart: facts.capabilities,
      missing: facts.missing,
    },
    runStats,
    checks,
  });
}

/** Texts in longer lines are hard to read. */
const MOST_COLUMNS = 120;
const HANGING = "  ";

function reportLines(
  rows: readonly CheckRow[],
  { facts, version, layout }: CheckReportOptions,
): string[] {
  const head = textTable(
    [
      { title: "CHECK", align: "left" },
      { title: "OK", align: "left" },
      { title: "BACKEND", align: "left" },
      { title: "QUALITY", align: "left" },
      { title: "FOUND", align: "left" },
    ],
    rows.map(({ name, ok, backend, quality }) => [
      name,
      ok ? "yes" : "NO",
      backend ?? "-",
      quality ?? "-",
      "",
    ]),
    layout.widthColumns,
  );
  const indent = head[0].indexOf("FOUND");
  const width = Math.min(layout.widthColumns, MOST_COLUMNS) - indent;
  const missing = rows.filter(({ ok }) => !ok).length;
  return [
    `bpfpulse ${version} on Linux ${facts.kernelRelease ?? "(unknown)"}: ${
      missing === 0
        ? "nothing is missing"
        : `${missing} of ${rows.length} missing`
    }`,
    "",
    head[0],
    ...rows.flatMap((row, index) =>
      beside(head[index + 1], indent, foundLines(row, width))
    ),
  ];
}

/** What was found; for what is missing also what it would give, and how. */
function foundLines(row: CheckRow, width: number): string[] {
  if (row.ok) return wrapped(row.reason, width);
  return [
    ...wrapped(row.reason, width),
    ...hanging("gives: ", row.gives, width),
    ...hanging("to get it: ", row.remedy ?? "-", width),
  ];
}

function hanging(label: string, text: string, width: number): string[] {
  return wrapped(label + text, width - HANGING.length).map((line, index) =>
    index === 0 ? line : HANGING + line
  );
}

function beside(
  left: string,
  indent: number,
  lines: readonly string[],
): string[] {
  return lines.map((line, index) =>
    (index === 0 ? left.padEnd(indent) : " ".repeat(indent)) + line
  );
}
