/** Owns the tests of what src/state/table_state.ts makes of counters that count in windows alone, and of how fast they rise. @module */
import { assertEquals } from "@std/assert";
import { TableState } from "../../../../src/state/table_state.ts";
import { aProgram } from "../../../state_builders.ts";

function programs(isWindowed: boolean): TableState<"program"> {
  const state = new TableState<"program">({
    type: "program",
    counters: ["runTimeNs", "runCount", "recursionMisses"],
    ratio: {
      of: "runTimeNs",
      name: "cpuRatio",
      peakName: "cpuRatioMax",
      isWindowed,
    },
    rateOf: "runCount",
    textOf: () => ({ labels: "", info: "" }),
    weightOf: () => 0,
    maxSeries: 10,
  });
  state.announce({
    kind: "births",
    epoch: 1,
    table: "program",
    firstBirth: 1,
    descriptions: [aProgram({ id: 7 }), aProgram({ id: 8 })],
  });
  return state;
}

/** A sample of both programs. */
function tick(
  state: TableState<"program">,
  startedAtMs: number,
  runTimeNs: readonly number[],
  runCount: readonly number[],
) {
  state.apply({
    epoch: 1,
    tick: 1,
    birthSeq: 2,
    startedAtMs,
    count: 2,
    ids: Uint32Array.of(7, 8),
    births: Uint32Array.of(1, 2),
    columns: [runTimeNs, runCount, [0, 0]].map((column) =>
      Float64Array.from(column)
    ),
  });
  return state.freeze();
}

function aWindow(fromMs: number, toMs: number, ns: number) {
  return {
    fromMs,
    toMs,
    ids: Uint32Array.of(7),
    births: Uint32Array.of(1),
    runTimeNs: Float64Array.of(ns),
  };
}

Deno.test("TableState.counted() gives the ratios of a window, and ticks beside it change none", () => {
  const state = programs(true);
  assertEquals([...tick(state, 1_000, [0, 0], [0, 0]).columns.cpuRatio], [
    NaN,
    NaN,
  ]);
  state.counted(aWindow(1_000, 1_100, 30e6), 1);
  assertEquals([...state.freeze().columns.cpuRatio], [0.3, 0]);
  assertEquals(state.freeze().countedToMs, 1_100);
  // Somebody else counts as well, so totals rise.
  const { columns } = tick(state, 1_500, [90e6, 5], [900, 1]);
  assertEquals([...columns.runTimeNs], [90e6, 5]);
  assertEquals([...columns.cpuRatio], [0.3, 0]);
  state.counted(aWindow(2_000, 2_100, 10e6), 1);
  const later = state.freeze().columns;
  assertEquals([...later.cpuRatio], [0.1, 0]);
  assertEquals([...later.cpuRatioMax], [0.3, 0]);
});

Deno.test("TableState.counted() passes over windows of another life of the worker", () => {
  const state = programs(true);
  tick(state, 1_000, [0, 0], [0, 0]);
  state.counted(aWindow(1_000, 1_100, 30e6), 2);
  assertEquals([...state.freeze().columns.cpuRatio], [NaN, NaN]);
});

Deno.test("TableState.notCounted() leaves no ratio behind", () => {
  const state = programs(true);
  tick(state, 1_000, [0, 0], [0, 0]);
  state.counted(aWindow(1_000, 1_100, 30e6), 1);
  state.notCounted();
  const { columns, countedToMs } = state.freeze();
  assertEquals([...columns.cpuRatio], [NaN, NaN]);
  assertEquals(countedToMs, undefined);
});

Deno.test("TableState tells how much a counter of all objects rises in a second", () => {
  const state = programs(false);
  assertEquals(tick(state, 1_000, [0, 0], [50, 60]).perSecond, undefined);
  assertEquals(tick(state, 1_500, [0, 0], [150, 60]).perSecond, 200);
  // The same sample again, and one that found nothing new.
  assertEquals(tick(state, 1_500, [0, 0], [150, 60]).perSecond, 200);
  state.repeat(2_000);
  assertEquals(state.freeze().perSecond, 0);
});
