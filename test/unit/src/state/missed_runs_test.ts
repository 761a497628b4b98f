/** Owns the tests of src/state/missed_runs.ts. @module */
import { assertEquals } from "@std/assert";
import { MissedRuns } from "../../../../src/state/missed_runs.ts";
import { aProgram } from "../../../state_builders.ts";

/** Programs 5 and 6, and what they missed so far. */
function rows(five: number, six: number, identity = "as ever") {
  return {
    descriptions: [aProgram({ id: 5, identity }), aProgram({ id: 6 })],
    recursionMisses: Float64Array.of(five, six),
  };
}

Deno.test("MissedRuns.risen() tells all of a program that is new to the group, then what was added", () => {
  const missed = new MissedRuns();
  assertEquals(missed.risen("a", [5], rows(3, 4)), 3);
  assertEquals(missed.risen("a", [5, 6], rows(3, 4)), 4);
  assertEquals(missed.risen("a", [5, 6], rows(10, 4)), 7);
  assertEquals(missed.risen("a", [5, 6], rows(10, 4)), 0);
});

Deno.test("MissedRuns.risen() keeps groups apart", () => {
  const missed = new MissedRuns();
  assertEquals(missed.risen("a", [5], rows(3, 0)), 3);
  assertEquals(missed.risen("b", [5], rows(3, 0)), 3);
});

Deno.test("MissedRuns.risen() begins anew with another program of the same id", () => {
  const missed = new MissedRuns();
  missed.risen("a", [5], rows(100, 0));
  assertEquals(missed.risen("a", [5], rows(2, 0, "a later one")), 2);
});

Deno.test("MissedRuns.risen() tells nothing of programs that are gone, or of which the kernel does not tell", () => {
  const missed = new MissedRuns();
  assertEquals(missed.risen("a", [5, 77], rows(NaN, 0)), 0);
});
