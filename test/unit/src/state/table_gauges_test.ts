/** Owns the tests of what src/state/table_state.ts makes of gauges, which may fall. @module */
import { assertEquals } from "@std/assert";
import { TableState } from "../../../../src/state/table_state.ts";
import { aMap } from "../../../state_builders.ts";

function maps(): TableState<"map"> {
  return new TableState<"map">({
    type: "map",
    counters: [],
    gauges: ["entries"],
    textOf: () => ({ labels: "", info: "" }),
    weightOf: () => 0,
    maxSeries: 10,
  });
}

/** A tick with these maps, whose births are numbered as they are. */
function tick(
  state: TableState<"map">,
  ids: readonly number[],
  entries: readonly number[],
): Float64Array {
  state.apply({
    epoch: 1,
    tick: 1,
    birthSeq: Math.max(0, ...ids),
    startedAtMs: 1000,
    count: ids.length,
    ids: Uint32Array.from(ids),
    births: Uint32Array.from(ids),
    columns: [Float64Array.from(entries)],
  });
  return state.freeze().columns.entries;
}

function born(state: TableState<"map">, id: number): void {
  const descriptions = [aMap({ id })];
  state.announce({
    kind: "births",
    epoch: 1,
    table: "map",
    firstBirth: id,
    descriptions,
  });
}

Deno.test("TableState.apply() lets a gauge fall, and has none where it was not read", () => {
  const state = maps();
  born(state, 1);
  assertEquals([...tick(state, [1], [5])], [5]);
  assertEquals([...tick(state, [1], [3])], [3]);
  assertEquals([...tick(state, [1], [NaN])], [NaN]);
  assertEquals(state.freeze().rest, {});
});

Deno.test("TableState.apply() keeps gauges with their objects when others come and go", () => {
  const state = maps();
  born(state, 1);
  born(state, 2);
  tick(state, [1, 2], [10, 20]);
  born(state, 3);
  assertEquals([...tick(state, [2, 3], [21, 30])], [21, 30]);
});
