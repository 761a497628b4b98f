/**
 * Owns the metric of the entries that each CPU counted of a map. In: PageInput. Out: its entry in the catalog; absent, never 0, where
 * nobody asked for it or can look.
 * @module
 */
import type { NodeSnapshot } from "../state/node_state.ts";
import { rowOf } from "../state/row_search.ts";
import { seriesLabels } from "./labels.ts";
import type { NodeMetric, PageInput, Sample } from "./metric.ts";

const OTHER = {
  map_id: "other",
  map_name: "other",
  map_type: "other",
  cpu: "other",
} as const;

export const CPU_ENTRIES = "odigos_ebpf_map_cpu_entries";

export const cpuEntriesMetrics: readonly NodeMetric[] = [{
  kind: "node",
  name: CPU_ENTRIES,
  type: "gauge",
  help:
    "Entries of a map as each CPU counted them: what one CPU added another may have deleted, so a CPU's count may be below 0; all together are map_entries. Needs --map-cpu-entries.",
  unit: "",
  labels: ["map_id", "map_name", "map_type", "cpu"],
  group: "maps",
  quality: "exact",
  needs: ["maps", "map-cpu-entries"],
  source: "bpf_map.elem_count",
  samples: cpuEntries,
}];

function* cpuEntries({ snapshot }: PageInput): Generator<Sample> {
  const { cpuEntries, tables: { map } }: NodeSnapshot = snapshot;
  let other = 0;
  for (const { mapId, counts, hasOwnSeries } of cpuEntries?.maps ?? []) {
    const described = map.descriptions[rowOf(map.descriptions, mapId)];
    if (described === undefined) continue;
    if (!hasOwnSeries) {
      for (const count of counts) other += count;
      continue;
    }
    const { labels } = seriesLabels("map", described);
    for (const [cpu, value] of counts.entries()) {
      yield { labels: { ...labels, cpu: `${cpu}` }, value };
    }
  }
  if ((cpuEntries?.restSize ?? 0) > 0) yield { labels: OTHER, value: other };
}
