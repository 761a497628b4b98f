/** Owns the tests of src/state/totals.ts. @module */
import { assertEquals } from "@std/assert";
import { memoryTotals } from "../../../../src/state/totals.ts";
import { someTables, unavailableTables } from "../http/fake_node.ts";

Deno.test("memoryTotals() sums the formulas of maps and programs", () => {
  assertEquals(memoryTotals(someTables()), {
    mapBytes: (4 + 12) * 64,
    programBytes: 1000,
    totalBytes: 2024,
  });
});

Deno.test("memoryTotals() of an empty table is 0, of one that cannot be read undefined", () => {
  assertEquals(memoryTotals(someTables({ descriptions: [] })).totalBytes, 0);
  const tables = { ...someTables(), map: unavailableTables("no").map };
  assertEquals(memoryTotals(tables), {
    mapBytes: undefined,
    programBytes: 1000,
    totalBytes: undefined,
  });
});
