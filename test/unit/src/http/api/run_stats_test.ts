/** Owns the tests of what the API tells of runs that are counted in windows. @module */
import { assertEquals } from "@std/assert";
import * as v from "valibot";
import { DETAILS, Snapshot } from "../../../../../src/http/api/schemas.ts";
import type { RunStatsState } from "../../../../../src/state/run_stats.ts";
import { aProgram, aSnapshot } from "../../../../state_builders.ts";
import { apiNode } from "./api_node.ts";

const WINDOW = { onMs: 100, everyMs: 1_000 };
const PROGRAMS = aSnapshot({
  program: {
    descriptions: [aProgram({ id: 1 })],
    columns: { cpuRatio: [0.25], cpuRatioMax: [0.5] },
    countedToMs: 95_000,
  },
});

// deno-lint-ignore no-explicit-any -- a test of JSON reads what it wants
async function json(path: string, runStats?: RunStatsState): Promise<any> {
  const node = runStats === undefined ? PROGRAMS : { ...PROGRAMS, runStats };
  const answer = await apiNode(node).app.request(path);
  assertEquals(answer.status, 200, path);
  return await answer.json();
}

Deno.test("the API says of a program that is counted in windows that totals are lower bounds, and ratios estimates", async () => {
  const state = { window: WINDOW, coverageRatio: 0.1, runsPerSecond: 5 };
  const told = {
    on_ms: 100,
    every_ms: 1_000,
    coverage_ratio: 0.1,
    totals_quality: "lower bound",
    rates_quality: "estimated",
  };
  const snapshot = await json("/api/v1/snapshot", state);
  v.parse(Snapshot, snapshot);
  assertEquals(snapshot.run_stats, told);
  const detail = await json("/api/v1/objects/program/1", state);
  v.parse(DETAILS.program, detail);
  assertEquals(detail.run_stats, told);
  assertEquals(detail.object.cpu_ratio, 0.25);
});

Deno.test("the API says why no window can be opened", async () => {
  const { run_stats } = await json("/api/v1/snapshot", {
    window: WINDOW,
    reason: "BPF_ENABLE_STATS failed: EPERM",
  });
  assertEquals(run_stats.reason, "BPF_ENABLE_STATS failed: EPERM");
  assertEquals("coverage_ratio" in run_stats, false);
});

Deno.test("the API tells nothing of windows where there are none", async () => {
  assertEquals("run_stats" in await json("/api/v1/snapshot"), false);
  assertEquals("run_stats" in await json("/api/v1/objects/program/1"), false);
});
