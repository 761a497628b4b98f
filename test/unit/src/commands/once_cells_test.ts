import { assertEquals } from "@std/assert";
import {
  bytes,
  count,
  formatNs,
  formatPercent,
  named,
  ranked,
} from "../../../../src/commands/once_cells.ts";
import { aMap, aTable } from "../../../state_builders.ts";

Deno.test("formatNs() gives three digits and the unit that fits", () => {
  const written = [0, 999, 999.6, 1_000, 12_340, 999_600, 4_560_000, 59e9, 61e9]
    .map(formatNs);
  assertEquals(written, [
    "0",
    "999 ns",
    "1.00 µs",
    "1.00 µs",
    "12.3 µs",
    "1.00 ms",
    "4.56 ms",
    "59.0 s",
    "1.02 min",
  ]);
  assertEquals(formatNs(90 * 3600e9), "3.75 d");
});

Deno.test("formatPercent() never writes a little as nothing", () => {
  assertEquals([0, 0.00001, 0.0125, 2].map(formatPercent), [
    "0.00",
    "<0.01",
    "1.25",
    "200.00",
  ]);
});

Deno.test("ranked() goes by the first weight that differs, NaN last, then by row", () => {
  assertEquals(ranked(5, [[1, NaN, 3, 1, 0], [5, 0, 0, 7, 9]]), [
    2,
    3,
    0,
    4,
    1,
  ]);
  assertEquals(ranked(3, [[2, 2, 2]]), [0, 1, 2]);
});

Deno.test("cells of what is not known are dashes", () => {
  assertEquals([bytes(undefined), named("")], ["-", "-"]);
  const descriptions = [aMap()];
  assertEquals(count(aTable("map", { descriptions })), "1");
  assertEquals(
    count(aTable("map", { descriptions, status: "unavailable" })),
    "-",
  );
});
