/**
 * Owns the catalog: every metric of the agent exactly once, in the order of the page. In: its parts, by responsibility.
 * Out: what the exposition, the documentation, alerts and dashboards are derived from.
 * @module
 */
import {
  buffersCostMetrics,
  perfMetrics,
  ringMetrics,
} from "./buffer_metrics.ts";
import { cpuEntriesMetrics } from "./cpu_entries_metrics.ts";
import { collectorMetrics, sampleDuration } from "./collector_metrics.ts";
import { managerMetrics } from "./manager_metrics.ts";
import {
  operationMetrics,
  operationsCostMetrics,
} from "./operation_metrics.ts";
import type { Metric } from "./metric.ts";
import { limitMetrics, objectCountMetrics } from "./node_metrics.ts";
import { holdersMetrics, ownerMetrics } from "./owner_metrics.ts";
import { linkMetrics, mapMetrics, programMetrics } from "./object_metrics.ts";
import { privilegeMetrics } from "./privilege_metrics.ts";
import { processMetrics } from "./process_metrics.ts";
import { runStatsMetrics } from "./run_stats_metrics.ts";

export { metricGroups } from "./metric.ts";
export type { Metric, MetricGroup } from "./metric.ts";

export const catalog: readonly Metric[] = [
  ...objectCountMetrics,
  ...ownerMetrics,
  ...mapMetrics,
  ...cpuEntriesMetrics,
  ...programMetrics,
  ...runStatsMetrics,
  ...linkMetrics,
  ...ringMetrics,
  ...perfMetrics,
  ...operationMetrics,
  ...managerMetrics,
  ...limitMetrics,
  sampleDuration,
  ...collectorMetrics,
  ...holdersMetrics,
  ...buffersCostMetrics,
  ...operationsCostMetrics,
  ...privilegeMetrics,
  ...processMetrics,
];
