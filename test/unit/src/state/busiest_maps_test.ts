/** Owns the tests of src/state/busiest_maps.ts. @module */
import { assertEquals } from "@std/assert";
import { busiestMaps } from "../../../../src/state/busiest_maps.ts";
import { Operations } from "../../../../src/state/operations.ts";
import { anOperationsPass } from "../../../operations_builders.ts";
import { aMap } from "../../../state_builders.ts";

Deno.test("busiestMaps() puts the highest rate first, then what was counted; maps that are gone are among them, those never used are not", () => {
  const operations = new Operations(10);
  const table = (...ids: number[]) => ({
    descriptions: ids.map((id) => aMap({ id })),
    sampledAtMs: 900,
  });
  operations.take(
    anOperationsPass({
      rows: [[1, "lookup", 6], [1, "update", 3], [2, "delete", 8], [
        4,
        "lookup",
        1,
      ]],
    }),
    table(1, 2, 3, 4),
  );
  operations.take(
    anOperationsPass({ rows: [[2, "lookup", 1]] }),
    table(1, 2, 3),
  );
  const { state } = operations;
  const found = busiestMaps(state ?? { maps: [] }, 5);
  assertEquals(
    found.map(({ map, perSecond, counted, isGone }) => [
      map.id,
      perSecond,
      counted,
      isGone,
    ]),
    [[2, 2, 9, false], [1, 0, 9, false], [4, 0, 1, true]],
  );
  assertEquals(found[1].mostly, { operation: "lookup", ratio: 6 / 9 });
  assertEquals(busiestMaps(state ?? { maps: [] }, 1).length, 1);
});
