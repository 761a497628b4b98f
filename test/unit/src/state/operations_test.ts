/** Owns the tests of src/state/operations.ts and of what it keeps by map (map_operations.ts). @module */
import { assertEquals } from "@std/assert";
import { OPERATIONS } from "../../../../workers/operations_model.ts";
import type { MapDescription } from "../../../../workers/maps/model.ts";
import {
  OPERATION_NAMES,
  Operations,
} from "../../../../src/state/operations.ts";
import { anOperationsPass } from "../../../operations_builders.ts";
import { aMap } from "../../../state_builders.ts";

const LOOKUP = OPERATIONS.indexOf("lookup");

function rows(sampledAtMs: number, ...descriptions: MapDescription[]) {
  return { descriptions, sampledAtMs };
}

/** Look-ups by the map's id, of the series that there are. */
function lookups({ state }: Operations): Record<string, number> {
  const own =
    state?.maps.flatMap(({ map, counts, hasOwnSeries }) =>
      hasOwnSeries ? [[map.id, counts[LOOKUP]]] : []
    ) ?? [];
  return {
    ...Object.fromEntries(own),
    unseen: state?.unseen[LOOKUP],
    other: state?.other[LOOKUP],
  };
}

Deno.test("OPERATION_NAMES are those of the worker", () => {
  assertEquals(OPERATION_NAMES, OPERATIONS);
});

Deno.test("Operations.take() adds increments up by map and operation, failed ones included", () => {
  const operations = new Operations(10);
  assertEquals(operations.state, undefined);
  const table = rows(900, aMap({ id: 7 }), aMap({ id: 9, name: "b" }));
  operations.take(
    anOperationsPass({
      rows: [[7, "lookup", 10], [7, "lookup", 3, 0, 2], [9, "update", 4]],
      processes: [{}],
    }),
    table,
  );
  operations.take(anOperationsPass({ rows: [[7, "lookup", 1]] }), table);
  assertEquals(lookups(operations), { 7: 14, 9: 0, unseen: 0, other: 0 });
  assertEquals(
    operations.state?.maps[1].counts[OPERATIONS.indexOf("update")],
    4,
  );
  assertEquals(operations.state?.perSecond, 2);
  assertEquals(operations.state?.attachedMs, 1_000);
});

Deno.test("Operations.take() leaves out what was tried on a descriptor that was none", () => {
  const operations = new Operations(10);
  operations.take(
    anOperationsPass({ rows: [[0, "lookup", 5, 0, 9], [0, "lookup", 2]] }),
    rows(900),
  );
  assertEquals(lookups(operations), { unseen: 2, other: 0 });
});

Deno.test("Operations.take() waits for the sample that names a map, and counts one that none shows as unseen", () => {
  const operations = new Operations(10);
  const at = (takenAtMs: number, ...counts: [number, "lookup", number][]) =>
    anOperationsPass({ takenAtMs, rows: counts });
  operations.take(at(1_000, [7, "lookup", 3], [8, "lookup", 2]), rows(900));
  assertEquals(lookups(operations), { unseen: 0, other: 0 });
  operations.take(at(1_500), rows(1_400, aMap({ id: 7 })));
  assertEquals(lookups(operations), { 7: 3, unseen: 2, other: 0 });
});

Deno.test("Operations.take() keeps the counts of a map that is gone for a while", () => {
  const operations = new Operations(10);
  const at = (takenAtMs: number) => anOperationsPass({ takenAtMs });
  operations.take(
    anOperationsPass({ rows: [[7, "lookup", 3]] }),
    rows(900, aMap({ id: 7 })),
  );
  operations.take(at(2_000), rows(1_900));
  assertEquals(lookups(operations), { 7: 3, unseen: 0, other: 0 });
  assertEquals(operations.state?.maps[0].isGone, true);
  operations.take(at(303_000), rows(302_900));
  assertEquals(lookups(operations), { unseen: 0, other: 0 });
});

Deno.test("Operations.take() begins anew where an id is another map's", () => {
  const operations = new Operations(10);
  const pass = anOperationsPass({ rows: [[7, "lookup", 3]] });
  operations.take(pass, rows(900, aMap({ id: 7 })));
  const later = rows(1_400, aMap({ id: 7, identity: "a later one" }));
  operations.take(anOperationsPass({ takenAtMs: 1_500 }), later);
  operations.take(
    anOperationsPass({ takenAtMs: 2_000, rows: [[7, "lookup", 1]] }),
    later,
  );
  assertEquals(lookups(operations), { 7: 1, unseen: 0, other: 0 });
});

Deno.test("Operations.take() gives series to as many maps as may have them, and the rest's increments to other", () => {
  const operations = new Operations(1);
  const table = rows(900, aMap({ id: 7 }), aMap({ id: 9 }));
  const pass = (a: number, b: number) =>
    anOperationsPass({ rows: [[7, "lookup", a], [9, "lookup", b]] });
  operations.take(pass(5, 2), table);
  assertEquals(lookups(operations), { 7: 5, unseen: 0, other: 2 });
  operations.take(pass(1, 1), table);
  assertEquals(lookups(operations), { 7: 6, unseen: 0, other: 3 });
});

Deno.test("Operations.state tells a rate of the time that counted, and why nothing is read any more", () => {
  const operations = new Operations(10);
  const table = rows(900, aMap({ id: 7 }));
  operations.take(
    anOperationsPass({
      isWindowed: true,
      elapsedMs: 10_000,
      attachedMs: 1_000,
      rows: [[7, "lookup", 50]],
      lost: 2,
    }),
    table,
  );
  operations.take(
    anOperationsPass({ isWindowed: true, isAttached: false, attachedMs: 0 }),
    table,
  );
  operations.failed("read failed: EIO");
  const { state } = operations;
  assertEquals(state?.isWindowed, true);
  assertEquals(state?.isAttached, false);
  assertEquals(state?.maps[0].perSecond, 50);
  assertEquals(state?.lost, 2);
  assertEquals(state?.reason, "read failed: EIO");
});

Deno.test("Operations.state tells rates of the last window alone, all of it", () => {
  const operations = new Operations(10);
  const table = rows(900, aMap({ id: 7 }));
  const rates: unknown[] = [];
  for (
    const [isAttached, countedMs, count] of [
      [true, 0, 0],
      [true, 500, 10],
      [false, 500, 30],
      [false, 0, 0],
      [true, 0, 0],
      [true, 500, 0],
      [false, 500, 1],
    ] as const
  ) {
    operations.take(
      anOperationsPass({
        isWindowed: true,
        isAttached,
        countedMs,
        rows: count === 0 ? [] : [[7, "lookup", count]],
      }),
      table,
    );
    rates.push(
      operations.state?.perSecond,
      operations.state?.maps[0]?.perSecond,
    );
  }
  const none = undefined;
  // deno-fmt-ignore -- a pass a line
  assertEquals(rates, [
    NaN, none,
    20, 20,
    40, 40,
    40, 40,
    40, 40,
    0, 0,
    1, 1,
  ]);
  assertEquals(lookups(operations), { 7: 41, unseen: 0, other: 0 });
});

Deno.test("Operations.state tells who used a map last, also when nobody does any more", () => {
  const operations = new Operations(10);
  const table = rows(900, aMap({ id: 7 }));
  for (const count of [5, 0]) {
    operations.take(
      anOperationsPass({
        processes: [{ pid: 3, comm: "a" }],
        rows: count === 0 ? [] : [[7, "lookup", count]],
      }),
      table,
    );
  }
  const account = operations.state?.maps[0];
  assertEquals(account?.by, { pid: 3, comm: "a", processes: 1, ratio: 1 });
  assertEquals(account?.perSecond, 0);
});

Deno.test("Operations.state tells skipped runs only where the kernel does", () => {
  const operations = new Operations(10);
  operations.take(anOperationsPass(), rows(900));
  assertEquals(operations.state?.skipped, undefined);
  for (const skipped of [2, 3]) {
    operations.take(anOperationsPass({ skipped }), rows(900));
  }
  assertEquals(operations.state?.skipped, 5);
});
