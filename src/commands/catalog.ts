/**
 * Owns the command `catalog`: every metric, for people and for programs. In: the catalog. Out: a table, JSON or Markdown.
 * @module
 */
import type { CatalogFormat } from "../cli/parse.ts";
import { catalog, type Metric } from "../metrics/catalog.ts";
import { catalogMarkdown } from "../metrics/catalog_markdown.ts";
import { metricGroups } from "../metrics/metric.ts";
import type { CommandOutput, Layout } from "./output.ts";
import { textTable, wrapped } from "./text_table.ts";

export function catalogOutput(
  { format, layout }: {
    readonly format: CatalogFormat;
    readonly layout: Layout;
  },
): CommandOutput {
  return { stdout: catalogText(format, layout), stderr: [], exitCode: 0 };
}

function catalogText(format: CatalogFormat, layout: Layout): string {
  switch (format) {
    case "table":
      return `${tableLines(layout).join("\n")}\n`;
    case "json":
      return `${JSON.stringify(catalog.map(entry), null, 2)}\n`;
    case "markdown":
      return `${catalogMarkdown()}\n`;
  }
}

function entry(metric: Metric): Record<string, unknown> {
  const { name, type, unit, labels, quality, group, source, help } = metric;
  return { name, type, unit, labels, quality, group, source, help };
}

const INDENT = "    ";
/** Text in longer lines is hard to read. */
const MOST_COLUMNS = 120;

/** A line of a metric's own, for grep, and what it means beneath it; `?collect[]=` takes the groups' names. */
function tableLines({ widthColumns }: Layout): string[] {
  const width = Math.min(widthColumns, MOST_COLUMNS) - INDENT.length;
  const [head, ...rows] = textTable(
    [
      { title: "METRIC", align: "left" },
      { title: "TYPE", align: "left" },
    ],
    catalog.map(({ name, type }) => [name, type]),
    widthColumns,
  );
  const lines = [head];
  for (const group of metricGroups) {
    lines.push("", `${group}:`);
    catalog.forEach((metric, index) => {
      if (metric.group === group) {
        lines.push(rows[index], ...meaning(metric, width));
      }
    });
  }
  return lines;
}

function meaning(
  { help, unit, quality, labels, source }: Metric,
  width: number,
): string[] {
  return [
    ...wrapped(help, width),
    ...(labels.length === 0
      ? []
      : wrapped(`Labels: ${labels.join(", ")}`, width)),
    ...wrapped(
      unit === ""
        ? `Quality: ${quality}`
        : `Unit: ${unit}; quality: ${quality}`,
      width,
    ),
    ...wrapped(`Source: ${source}`, width),
  ].map((line) => INDENT + line);
}
