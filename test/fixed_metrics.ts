/**
 * Owns the metrics that the original specification fixes: names, types and labels that no later version may change. In: nothing. Out:
 * FIXED_METRICS, by name.
 * @module
 */
import type { MetricType } from "../src/metrics/metric.ts";

export interface FixedMetric {
  readonly type: MetricType;
  readonly labels: readonly string[];
}

const MAP = ["map_id", "map_name", "map_type"];
const PROGRAM = ["prog_id", "prog_name", "prog_type"];
const MANAGER = "odigos_ebpf_instrumentation_manager";

export const FIXED_METRICS: Readonly<Record<string, FixedMetric>> = {
  odigos_ebpf_objects_total: { type: "gauge", labels: ["type"] },
  odigos_ebpf_map_memory_bytes: { type: "gauge", labels: MAP },
  odigos_ebpf_program_memory_bytes: { type: "gauge", labels: PROGRAM },
  odigos_ebpf_total_memory_bytes: { type: "gauge", labels: [] },
  odigos_ebpf_program_runtime_ns_total: { type: "counter", labels: PROGRAM },
  odigos_ebpf_program_runs_total: { type: "counter", labels: PROGRAM },
  odigos_ebpf_program_instructions: { type: "gauge", labels: PROGRAM },
  odigos_ebpf_ring_buffer_events_total: {
    type: "counter",
    labels: ["map_id", "map_name"],
  },
  odigos_ebpf_perf_buffer_events_total: {
    type: "counter",
    labels: ["map_id", "map_name", "cpu"],
  },
  odigos_ebpf_perf_buffer_lost_events_total: {
    type: "counter",
    labels: ["map_id", "map_name", "cpu"],
  },
  odigos_ebpf_map_operations_total: {
    type: "counter",
    labels: [...MAP, "operation"],
  },
  [`${MANAGER}_loaded_programs`]: { type: "gauge", labels: ["manager"] },
  [`${MANAGER}_loaded_maps`]: { type: "gauge", labels: ["manager"] },
  [`${MANAGER}_loaded_links`]: { type: "gauge", labels: ["manager"] },
  [`${MANAGER}_program_load_duration_ms`]: {
    type: "histogram",
    labels: ["manager"],
  },
  [`${MANAGER}_map_lookups_total`]: { type: "counter", labels: ["manager"] },
  [`${MANAGER}_map_updates_total`]: { type: "counter", labels: ["manager"] },
  [`${MANAGER}_program_errors_total`]: {
    type: "counter",
    labels: ["manager", "kind", "errno"],
  },
  odigos_ebpf_system_resource_usage_percent: {
    type: "gauge",
    labels: ["resource"],
  },
};
