import { assertEquals } from "@std/assert";
import {
  linkMetrics,
  mapMetrics,
  programMetrics,
  restValue,
} from "../../../../src/metrics/object_metrics.ts";
import type { ObjectMetric } from "../../../../src/metrics/metric.ts";
import type { NodeSnapshot } from "../../../../src/state/node_state.ts";
import { aMap, aProgram, aSnapshot } from "../../../state_builders.ts";

const metrics = [...mapMetrics, ...programMetrics, ...linkMetrics];

function named(name: string): ObjectMetric {
  const found = metrics.find((metric) => metric.name === `odigos_ebpf_${name}`);
  if (found === undefined) throw new Error(`no metric ${name}`);
  return found;
}

function value(name: string, snapshot: NodeSnapshot): number {
  return named(name).values(snapshot)(0);
}

Deno.test("values() of a map are its formula and its capacity", () => {
  const map = aMap({
    keySizeBytes: 4,
    valueSizeBytes: 60,
    maxEntries: 2 ** 31,
  });
  const snapshot = aSnapshot({ map: { descriptions: [map] } });
  assertEquals(value("map_memory_bytes", snapshot), 64 * 2 ** 31);
  assertEquals(value("map_max_entries", snapshot), 2 ** 31);
  assertEquals(value("map_info", snapshot), 1);
});

Deno.test("values() of a program are its sizes and its columns", () => {
  const snapshot = aSnapshot({
    program: {
      descriptions: [aProgram({ jitedBytes: 120, xlatedBytes: 80 })],
      columns: { runTimeNs: [7], runCount: [3], cpuRatio: [0.5] },
    },
  });
  assertEquals(value("program_memory_bytes", snapshot), 200);
  assertEquals(value("program_instructions", snapshot), 10);
  assertEquals(value("program_verified_instructions", snapshot), 12);
  assertEquals(value("program_runtime_ns_total", snapshot), 7);
  assertEquals(value("program_runs_total", snapshot), 3);
  assertEquals(value("program_cpu_ratio", snapshot), 0.5);
  assertEquals(value("program_cpu_ratio_max", snapshot), NaN);
});

Deno.test("values() is NaN where the kernel lacks verified_insns", () => {
  const { verifiedInstructions: _, ...program } = aProgram();
  const snapshot = aSnapshot({ program: { descriptions: [program] } });
  assertEquals(value("program_verified_instructions", snapshot), NaN);
});

const capped = {
  descriptions: [1, 2, 3].map((id) => aProgram({ id, jitedBytes: id })),
  columns: { runTimeNs: [10, 20, 30] },
  ownSeries: [1, 0, 0],
  rest: { runTimeNs: 5 },
};

Deno.test("restValue() sums a gauge over the rows without series of their own", () => {
  const snapshot = aSnapshot({ program: capped });
  assertEquals(
    restValue(named("program_memory_bytes"), snapshot),
    80 + 2 + 80 + 3,
  );
});

Deno.test("restValue() takes a counter's increments, not the counters of the rows", () => {
  const snapshot = aSnapshot({ program: capped });
  assertEquals(restValue(named("program_runtime_ns_total"), snapshot), 5);
  assertEquals(restValue(named("program_runs_total"), snapshot), undefined);
});

Deno.test("restValue() keeps a counter when its objects are gone", () => {
  const gone = aSnapshot({ program: { rest: { runTimeNs: 5, runCount: 0 } } });
  assertEquals(restValue(named("program_runtime_ns_total"), gone), 5);
  assertEquals(restValue(named("program_runs_total"), gone), undefined);
});

Deno.test("restValue() has nothing for infos and ratios, nor for a gauge that no row knows", () => {
  const unverified = capped.descriptions.map((
    { verifiedInstructions: _, ...program },
  ) => program);
  const snapshot = aSnapshot({
    program: { ...capped, descriptions: unverified },
  });
  for (
    const name of [
      "program_info",
      "program_cpu_ratio",
      "program_cpu_ratio_max",
      "program_verified_instructions",
    ]
  ) {
    assertEquals(restValue(named(name), snapshot), undefined, name);
  }
});
