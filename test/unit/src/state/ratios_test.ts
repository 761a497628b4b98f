/** Owns the tests of src/state/ratios.ts and peaks.ts. @module */
import { assertEquals } from "@std/assert";
import { Ratios } from "../../../../src/state/ratios.ts";

const NEW_ROW = Int32Array.of(-1);

function oneRow(): Ratios {
  const ratios = new Ratios();
  ratios.move(NEW_ROW, 1);
  return ratios;
}

function shown(ratios: Ratios): number[] {
  const copy = ratios.copy(1);
  return [copy.ratios[0], copy.peaks[0]];
}

Deno.test("Ratios.read() has no ratio before the second reading", () => {
  const ratios = oneRow();
  ratios.read(0, NaN, 500, 1000);
  assertEquals(shown(ratios), [NaN, NaN]);
  ratios.read(0, 500, 70_000_500, 1100);
  assertEquals(shown(ratios), [0.7, 0.7]);
});

Deno.test("Ratios.read() spreads what an object took while it could not be read over that time", () => {
  const ratios = oneRow();
  ratios.read(0, NaN, 0, 1000);
  ratios.read(0, 0, 50e6, 1100);
  ratios.skip(0);
  assertEquals(shown(ratios), [NaN, 0.5]);
  ratios.read(0, 50e6, 150e6, 1300);
  assertEquals(shown(ratios), [0.5, 0.5]);
});

Deno.test("Ratios.read() takes the same tick once", () => {
  const ratios = oneRow();
  ratios.read(0, NaN, 0, 1000);
  ratios.read(0, 0, 10e6, 1100);
  ratios.read(0, 10e6, 10e6, 1100);
  assertEquals(shown(ratios), [0.1, 0.1]);
});

Deno.test("Ratios.move() takes the ratio and the peaks of a row along, and gives a new row none", () => {
  const ratios = oneRow();
  ratios.read(0, NaN, 0, 1000);
  ratios.read(0, 0, 10e6, 1100);
  ratios.move(Int32Array.of(-1, 0), 2);
  const copy = ratios.copy(2);
  assertEquals([...copy.ratios], [NaN, 0.1]);
  assertEquals([...copy.peaks], [NaN, 0.1]);
});

Deno.test("Ratios.advance() forgets a peak when it is 65 s old, and after any pause", () => {
  const ratios = oneRow();
  ratios.advance(1000);
  ratios.read(0, NaN, 0, 1000);
  ratios.read(0, 0, 10e6, 1100);
  ratios.advance(60_000);
  assertEquals(shown(ratios)[1], 0.1);
  ratios.advance(65_000);
  assertEquals(shown(ratios)[1], NaN);
  ratios.read(0, 10e6, 10e6 + 1e9, 66_100);
  ratios.advance(3_600_000);
  assertEquals(shown(ratios)[1], NaN);
});

Deno.test("Ratios.repeat() has what was read at the last tick fall to 0, and nothing else", () => {
  const ratios = new Ratios();
  ratios.move(Int32Array.of(-1, -1), 2);
  for (const row of [0, 1]) ratios.read(row, NaN, 0, 1000);
  for (const row of [0, 1]) ratios.read(row, 0, 50e6, 1100);
  ratios.read(0, 50e6, 50e6, 1200);
  ratios.skip(1);
  ratios.repeat(2, 1200, 1300);
  assertEquals([...ratios.copy(2).ratios], [0, NaN]);
  ratios.read(0, 50e6, 60e6, 1400);
  ratios.read(1, 50e6, 80e6, 1400);
  // Over the 100 ms since the repeated tick, and over the 300 ms since its own last reading.
  assertEquals([...ratios.copy(2).ratios], [0.1, 0.1]);
});
