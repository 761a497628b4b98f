import { assertEquals } from "@std/assert";
import { cpuEntriesMetrics } from "../../../../src/metrics/cpu_entries_metrics.ts";
import type { PageInput, Sample } from "../../../../src/metrics/metric.ts";
import { CpuEntries } from "../../../../src/state/cpu_entries.ts";
import { aMap, aSnapshot } from "../../../state_builders.ts";

const [metric] = cpuEntriesMetrics;

/** @param rows of two CPUs */
function samples(maxSeries: number, rows: readonly number[]): Sample[] {
  const entries = new CpuEntries(maxSeries);
  entries.take({ takenAtMs: 0, cpus: 2, rows: Float64Array.from(rows) });
  const { state } = entries;
  const maps = [aMap({ id: 3, name: "a" }), aMap({ id: 4, name: "b" })];
  const snapshot = {
    ...aSnapshot({ map: { descriptions: maps } }),
    ...(state === undefined ? {} : { cpuEntries: state }),
  };
  return [...metric.samples({ snapshot } as PageInput)];
}

function short({ labels, value }: Sample): string {
  const { map_id, map_name, cpu } = labels;
  return `${map_id} ${map_name} ${cpu} ${value}`;
}

Deno.test("map_cpu_entries has a series for each CPU of each map that is in the table, below 0 too", () => {
  assertEquals(
    samples(100, [3, 5, -2, 4, 0, 1, 99, 7, 7]).map(short),
    ["3 a 0 5", "3 a 1 -2", "4 b 0 0", "4 b 1 1"],
  );
});

Deno.test("map_cpu_entries sums up the maps without series of their own", () => {
  assertEquals(
    samples(2, [3, 5, -2, 4, 10, 1]).map(short),
    ["4 b 0 10", "4 b 1 1", "other other other 3"],
  );
});

Deno.test("map_cpu_entries is absent where nobody asked for it", () => {
  const input = { snapshot: aSnapshot() } as PageInput;
  assertEquals([...metric.samples(input)], []);
});
