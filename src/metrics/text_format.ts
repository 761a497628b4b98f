/**
 * Owns how metrics are written: Prometheus text 0.0.4 and OpenMetrics 1.0. In: entries of the catalog, label text and
 * numbers. Out: text. The two formats differ in the lines above a family and at the page's end, never in a sample.
 * @module
 */
import type { NodeSnapshot } from "../state/node_state.ts";
import { labelText } from "./labels.ts";
import type { Metric, ObjectMetric } from "./metric.ts";
import { restLabels, restValue } from "./object_metrics.ts";

export type Format = "prometheus" | "openmetrics";

/** What closes a page. */
export const pageEnd: Readonly<Record<Format, string>> = {
  prometheus: "",
  openmetrics: "# EOF\n",
};

/** The lines above a family's samples. */
export function header(metric: Metric, format: Format): string {
  if (format === "prometheus") {
    return `# HELP ${metric.name} ${metric.help}\n` +
      `# TYPE ${metric.name} ${metric.type}\n`;
  }
  // A counter's family has no suffix there, only its samples have; a gauge keeps its whole name, whatever it ends in.
  const family = metric.type === "counter"
    ? metric.name.replace(/_total$/, "")
    : metric.name;
  const unit = metric.unit !== "" && family.endsWith(`_${metric.unit}`)
    ? `# UNIT ${family} ${metric.unit}\n`
    : "";
  return `# TYPE ${family} ${metric.type}\n${unit}` +
    `# HELP ${family} ${metric.help}\n`;
}

/** A number as both formats want it: whole ones below 1e21 without an exponent. */
export function numberText(value: number): string {
  if (value - value === 0) return `${value}`;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/** One series. `labels` is label text without braces. */
export function line(name: string, labels: string, value: number): string {
  return labels === ""
    ? `${name} ${numberText(value)}\n`
    : `${name}{${labels}} ${numberText(value)}\n`;
}

/** The series that stands for the rows without one of their own; empty where there is none. */
export function restLine(metric: ObjectMetric, snapshot: NodeSnapshot): string {
  const value = restValue(metric, snapshot);
  return value === undefined
    ? ""
    : line(metric.name, labelText(restLabels(metric.labels)), value);
}
