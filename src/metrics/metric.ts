/**
 * Owns what a metric is: one entry of the catalog, and how its value is read. In: the shapes of the node's state. Out:
 * the types that the catalog's parts are written in and every exposition reads.
 * @module
 */
import type { CheckName } from "../check_names.ts";
import { runStatsQuality } from "../state/run_stats.ts";
import { isKnown } from "../state/totals.ts";
import type { CollectorName, ObjectType } from "../../workers/protocol.ts";
import type { NodeFacts } from "../../workers/acquire.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import type { Columns, NodeSnapshot, SeriesText } from "../state/node_state.ts";

/** What `?collect[]=` narrows a page to, in the page's order. */
export const metricGroups = [
  "objects",
  "maps",
  "programs",
  "links",
  "buffers",
  "operations",
  "managers",
  "limits",
  "collector",
  "process",
] as const;
export type MetricGroup = (typeof metricGroups)[number];

export type MetricType = "gauge" | "counter" | "histogram";

/** How far a number can be trusted where it is shown at all. */
export type Quality = "exact" | "estimated" | "lower bound";

/** What of a series is known before any sample. */
interface Described {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** As the name says it: `bytes`, `seconds`, `ns`, `ratio`, `percent`; empty for plain numbers. */
  readonly unit: "" | "bytes" | "seconds" | "ns" | "ms" | "ratio" | "percent";
  readonly labels: readonly string[];
  readonly group: MetricGroup;
  /** Wherever it is there, unless `qualityBy` tells better; at worst, where it differs from series to series. */
  readonly quality: Quality;
  /**
   * What it takes of a machine: rows of `check`. Where one of them says no, or is off, the metric is not there. Empty for what the agent
   * knows by itself.
   */
  readonly needs: readonly CheckName[];
  /** One of `needs` whose row says how good the metric is here; without it `quality` does. */
  readonly qualityBy?: CheckName;
  /** By value of a label, what those series take beside `needs`: the metric is there where one part is, as good as the worst that is. */
  readonly parts?: Readonly<Record<string, readonly CheckName[]>>;
  /** Where the number comes from: a field of the kernel, a file, or the agent's own count. */
  readonly source: string;
  /** Left out with `--system-stats false`. */
  readonly systemStats?: true;
}

/** One series for each object of a table. */
export interface ObjectMetric extends Described {
  readonly kind: "object";
  readonly table: Exclude<ObjectType, "btf">;
  /** Which of an object's label texts its series carry. */
  readonly text: keyof SeriesText;
  /** Reads the values of one snapshot, row by row; NaN is absent. */
  values(snapshot: NodeSnapshot): (row: number) => number;
  /** What stands for the objects that have no series of their own; ratios and infos have nothing that does. */
  readonly rest: "sum" | "increments" | "nothing";
  /** The column whose increments are the rest's counter. */
  readonly column?: Columns["program"];
  /** Left out where run-time statistics are known to be off everywhere. */
  readonly runStats?: true;
}

/** A few series, made anew for each page. */
export interface NodeMetric extends Described {
  readonly kind: "node";
  samples(input: PageInput): Iterable<Sample>;
  /** The label text of the same samples, all of them 1, for a family that may be too large to be made in one go. */
  texts?(input: PageInput): Iterable<string>;
}

/** One series without labels, of the agent's own process. */
export interface ProcessMetric extends Described {
  readonly kind: "process";
  readonly field: (usage: ProcessUsage) => number | undefined;
}

/** Observed as it happens, by prom-client's own class. */
export interface HistogramMetric extends Described {
  readonly kind: "histogram";
  readonly type: "histogram";
  /** Upper bounds, ascending; never a whole number, which the two text formats would write differently. */
  readonly buckets: readonly number[];
}

export type Metric =
  | ObjectMetric
  | NodeMetric
  | ProcessMetric
  | HistogramMetric;

/** One series of one page; label values are as they are, neither cleaned nor escaped. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of a histogram's parts. */
  readonly metricName?: string;
}

/** What the agent's process uses; what cannot be read is absent. */
export interface ProcessUsage {
  readonly cpuUserSeconds?: number;
  readonly cpuSystemSeconds?: number;
  /** Unix time. */
  readonly startTimeSeconds?: number;
  readonly residentBytes?: number;
  readonly virtualBytes?: number;
  readonly heapBytes?: number;
  readonly openFds?: number;
  readonly maxFds?: number;
}

/** Everything that one page is made of, of one instant. */
export interface PageInput {
  readonly snapshot: NodeSnapshot;
  readonly collectors: readonly CollectorHealth[];
  readonly usage: ProcessUsage;
  readonly facts: NodeFacts;
  /** As `EPERM`. */
  readonly errnoName: (errno: number) => string;
  /** Objects that count as 100 %. */
  readonly limits: Readonly<Record<CollectorName, number>>;
  readonly systemStats: boolean;
  /** CLOCK_MONOTONIC. */
  readonly nowMs: number;
}

/** Whether a page has this metric at all, by its settings and by what was found at start. */
export function isShown(metric: Metric, input: PageInput): boolean {
  if (metric.systemStats && !input.systemStats) return false;
  if (metric.kind !== "object") return true;
  if (!isKnown(input.snapshot.tables[metric.table])) return false;
  return !metric.runStats ||
    runStatsQuality(input.facts.runStats, input.snapshot.runStats) !==
      undefined;
}
