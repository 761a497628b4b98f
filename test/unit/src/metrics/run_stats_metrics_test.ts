/** Owns the tests of src/metrics/run_stats_metrics.ts. @module */
import { assertEquals } from "@std/assert";
import type { RunStatsFacts } from "../../../../workers/acquire.ts";
import type { RunStatsState } from "../../../../src/state/run_stats.ts";
import { aSnapshot, aState, someFacts } from "../../../state_builders.ts";
import { anExposition, linesOf, pageOf } from "./pages.ts";

const WINDOW = { onMs: 100, everyMs: 1_000 };

async function shown(
  runStats: RunStatsFacts,
  state?: RunStatsState,
  perSecond?: number,
): Promise<string[]> {
  const snapshot = aSnapshot(
    perSecond === undefined ? {} : { program: { perSecond } },
  );
  const page = await pageOf(anExposition({
    facts: someFacts({ runStats }),
    state: aState(
      state === undefined ? snapshot : { ...snapshot, runStats: state },
    ),
  }));
  return [
    "enabled",
    "coverage_ratio",
    "floor_ns",
    "cost_ns",
    "cost_cpu_ratio",
  ].flatMap((name) => linesOf(page, `odigos_ebpf_stats_${name}`))
    .map((line) => line.replace("odigos_ebpf_stats_", ""));
}

Deno.test("stats_enabled leaves out the sources that cannot be told", async () => {
  assertEquals(await shown({ agent: false, sysctl: true }), [
    'enabled{source="agent"} 0',
    'enabled{source="sysctl"} 1',
    "coverage_ratio 1",
  ]);
});

Deno.test("metrics of statistics that are always on tell their floor, their cost, and a coverage of 1", async () => {
  const facts = { agent: true, sysctl: false, floorNs: 46.5, costNs: 68 };
  assertEquals(await shown(facts, undefined, 1_000_000), [
    'enabled{source="agent"} 1',
    'enabled{source="sysctl"} 0',
    "coverage_ratio 1",
    "floor_ns 46.5",
    "cost_ns 68",
    "cost_cpu_ratio 0.068",
  ]);
});

Deno.test("metrics of windows tell for how much of the time runs were counted, and scale what they cost by it", async () => {
  const facts = {
    agent: true,
    window: WINDOW,
    sysctl: false,
    other: false,
    costNs: 50,
  };
  const state = {
    window: WINDOW,
    coverageRatio: 0.1,
    runsPerSecond: 1_000_000,
    isOther: true,
  };
  assertEquals(await shown(facts, state, 7), [
    'enabled{source="agent"} 1',
    'enabled{source="sysctl"} 0',
    'enabled{source="other"} 1',
    "coverage_ratio 0.1",
    "cost_ns 50",
    "cost_cpu_ratio 0.005",
  ]);
  assertEquals(
    (await shown(facts, { window: WINDOW })).filter((line) =>
      /coverage|cpu_ratio/.test(line)
    ),
    [],
  );
});

Deno.test("metrics of statistics that nobody keeps are absent", async () => {
  assertEquals(
    await shown({ agent: false, sysctl: false, other: false }, undefined, 5),
    [
      'enabled{source="agent"} 0',
      'enabled{source="sysctl"} 0',
      'enabled{source="other"} 0',
    ],
  );
});
