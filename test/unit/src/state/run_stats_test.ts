/** Owns the tests of src/state/run_stats.ts and counted_window.ts. @module */
import { assertEquals } from "@std/assert";
import { takeWindow } from "../../../../src/state/counted_window.ts";
import { Ratios } from "../../../../src/state/ratios.ts";
import {
  coveragePhrase,
  isOtherOn,
  isSysctlOn,
  RunStats,
  runStatsCoverage,
  runStatsQuality,
} from "../../../../src/state/run_stats.ts";
import type { RunStatsPass } from "../../../../workers/run_stats_model.ts";

const WINDOW = { onMs: 100, everyMs: 1_000 };
const FACTS = { agent: true, window: WINDOW, sysctl: false, other: false };

function aPass(given: Partial<RunStatsPass> = {}): RunStatsPass {
  return {
    fromMs: 1_000,
    toMs: 1_100,
    elapsedMs: 1_000,
    countedMs: 100,
    isOther: false,
    ids: Uint32Array.of(7),
    births: Uint32Array.of(1),
    runTimeNs: Float64Array.of(20e6),
    runCounts: Float64Array.of(500),
    ...given,
  };
}

Deno.test("RunStats knows nothing before the first window", () => {
  const { state } = new RunStats(WINDOW);
  assertEquals(state, { window: WINDOW });
  assertEquals(runStatsCoverage(FACTS, state), undefined);
  assertEquals(runStatsQuality(FACTS, state), {
    totals: "lower bound",
    rates: "estimated",
  });
  assertEquals(coveragePhrase(WINDOW, state), "counted 10 % of the time");
});

Deno.test("RunStats adds up for how much of the time runs were counted", () => {
  const stats = new RunStats(WINDOW);
  stats.take(aPass());
  stats.take(aPass({ elapsedMs: 3_000, countedMs: 140, sysctl: true }));
  assertEquals(stats.state, {
    window: WINDOW,
    coverageRatio: 0.06,
    runsPerSecond: 5_000,
    isOther: false,
    sysctl: true,
  });
  assertEquals(
    coveragePhrase(WINDOW, stats.state),
    "counted 6 % of the time",
  );
});

Deno.test("RunStats leaves out programs that could not be read from how often programs run", () => {
  const stats = new RunStats(WINDOW);
  stats.take(aPass({ runCounts: Float64Array.of(NaN, 100) }));
  assertEquals(stats.state.runsPerSecond, 1_000);
});

Deno.test("RunStats tells only why, while no window can be opened", () => {
  const stats = new RunStats(WINDOW);
  stats.take(aPass());
  stats.failed("BPF_ENABLE_STATS failed: EPERM");
  assertEquals(stats.state, {
    window: WINDOW,
    reason: "BPF_ENABLE_STATS failed: EPERM",
  });
  assertEquals(coveragePhrase(WINDOW, stats.state), "not counted now");
  stats.take(aPass());
  assertEquals(stats.state.coverageRatio, 0.1);
});

Deno.test("runStatsQuality() is exact where somebody has runs counted all the time, and nothing where nobody does", () => {
  const exact = { totals: "exact", rates: "exact" } as const;
  const nobody = { agent: false, sysctl: false, other: false };
  assertEquals(runStatsQuality({ ...nobody, agent: true }, undefined), exact);
  assertEquals(runStatsQuality({ ...nobody, sysctl: true }, undefined), exact);
  assertEquals(runStatsQuality({ ...nobody, other: true }, undefined), exact);
  assertEquals(runStatsQuality(nobody, undefined), undefined);
  const stats = new RunStats(WINDOW);
  stats.take(aPass({ countedMs: 1_000, isOther: true }));
  assertEquals(runStatsQuality(FACTS, stats.state), {
    totals: "exact",
    rates: "estimated",
  });
});

Deno.test("runStatsCoverage(), isOtherOn() and isSysctlOn() go by the last window, or by what was found at start", () => {
  const always = { agent: true, sysctl: true, other: true };
  assertEquals(runStatsCoverage(always, undefined), 1);
  assertEquals(runStatsCoverage({ agent: false }, undefined), undefined);
  assertEquals(isOtherOn(always, undefined), true);
  assertEquals(isSysctlOn(always, undefined), true);
  const stats = new RunStats(WINDOW);
  stats.take(aPass({ sysctl: false }));
  assertEquals(isOtherOn(always, stats.state), false);
  assertEquals(isSysctlOn(always, stats.state), false);
});

Deno.test("takeWindow() gives ratios to who ran, 0 to who did not, and none to who came later or has another birth", () => {
  const ratios = new Ratios(true);
  ratios.move(Int32Array.of(-1, -1, -1, -1, -1), 5);
  const rows = {
    count: 5,
    ids: Uint32Array.of(3, 7, 8, 9, 10),
    births: Uint32Array.of(1, 2, 3, 4, 5),
    seenAtMs: Float64Array.of(500, 500, 1_050, 500, 1_050),
  };
  takeWindow(ratios, rows, {
    fromMs: 1_000,
    toMs: 1_100,
    // One of a program that is gone, one of the program that had the id 10 before.
    ids: Uint32Array.of(2, 7, 9, 10),
    births: Uint32Array.of(9, 2, 4, 8),
    runTimeNs: Float64Array.of(1, 20e6, NaN, 20e6),
  });
  const copy = ratios.copy(5);
  assertEquals([...copy.ratios], [0, 0.2, NaN, NaN, NaN]);
  assertEquals([...copy.peaks], [0, 0.2, NaN, NaN, NaN]);
});

Deno.test("Ratios in windows say nothing of what was read between two ticks", () => {
  const ratios = new Ratios(true);
  ratios.move(Int32Array.of(-1), 1);
  ratios.read(0, 0, 100, 1_000);
  ratios.read(0, 100, 1e9, 1_500);
  ratios.repeat(1, 1_500, 2_000);
  assertEquals([...ratios.copy(1).ratios], [NaN]);
  ratios.inWindow(0, 50e6, 100);
  assertEquals([...ratios.copy(1).ratios], [0.5]);
  ratios.repeat(1, 2_000, 2_500);
  assertEquals([...ratios.copy(1).ratios], [0.5]);
});
