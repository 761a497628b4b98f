/**
 * Owns the catalog as a text for people. In: the catalog. Out: a Markdown table, as README has it.
 * @module
 */
import { catalog, type Metric } from "./catalog.ts";

/** A table of every metric, without a final newline. */
export function catalogMarkdown(): string {
  return [
    "| metric | type | labels | quality | meaning |",
    "| --- | --- | --- | --- | --- |",
    ...catalog.map(row),
  ].join("\n");
}

function row(metric: Metric): string {
  const cells = [
    `\`${metric.name}\``,
    metric.type,
    metric.labels.map((label) => `\`${label}\``).join(", "),
    metric.quality,
    metric.help,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
