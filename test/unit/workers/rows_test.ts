import { assertEquals, assertThrows } from "@std/assert";
import type { BtfDescription } from "../../../workers/programs/model.ts";
import { Rows } from "../../../workers/rows.ts";

function description(id: number, name: string): BtfDescription {
  return { id, identity: `${id}:${name}`, name, sizeBytes: 1 };
}

/** One pass over `objects`, each [id, identity word, counter]. */
function pass(rows: Rows<"btf">, objects: [number, number, number][]): void {
  rows.begin();
  for (const [id, word, counter] of objects) {
    const known = rows.add(id, Uint32Array.of(0, word), 1);
    rows.set(0, counter);
    if (!known) rows.describe(description(id, `w${word}`));
  }
  rows.commit();
}

function seen(
  rows: Rows<"btf">,
): { ids: number[]; births: number[]; counters: number[] } {
  const { count, ids, births, columns } = rows.columns;
  return {
    ids: [...ids.slice(0, count)],
    births: [...births.slice(0, count)],
    counters: [...columns[0].slice(0, count)],
  };
}

function newRows(): Rows<"btf"> {
  return new Rows("btf", 1, ["counter"]);
}

Deno.test("Rows.takeBirths() tells every object of the first pass once", () => {
  const rows = newRows();
  pass(rows, [[3, 7, 10], [9, 8, 20]]);
  assertEquals(rows.takeBirths(), {
    firstBirth: 1,
    descriptions: [description(3, "w7"), description(9, "w8")],
  });
  assertEquals(rows.takeBirths(), undefined);
  pass(rows, [[3, 7, 11], [9, 8, 21]]);
  assertEquals(rows.takeBirths(), undefined);
  assertEquals(seen(rows), {
    ids: [3, 9],
    births: [1, 2],
    counters: [11, 21],
  });
});

Deno.test("Rows.add() takes a reused id for a new object", () => {
  const rows = newRows();
  pass(rows, [[3, 7, 10]]);
  rows.takeBirths();
  pass(rows, [[3, 99, 0]]);
  assertEquals(rows.takeBirths(), {
    firstBirth: 2,
    descriptions: [description(3, "w99")],
  });
  assertEquals(seen(rows).births, [2]);
});

Deno.test("Rows.add() does not confuse neighbours when objects come and go", () => {
  const rows = newRows();
  pass(rows, [[1, 1, 0], [5, 1, 0], [9, 1, 0]]);
  pass(rows, [[2, 1, 0], [5, 1, 0], [8, 1, 0], [12, 1, 0]]);
  assertEquals(seen(rows).births, [4, 2, 5, 6]);
});

Deno.test("Rows.keep() keeps the row of an object that could not be read, without its counters", () => {
  const rows = newRows();
  pass(rows, [[1, 1, 10], [5, 1, 50]]);
  rows.begin();
  rows.keep(1);
  rows.add(5, Uint32Array.of(0, 1), 1);
  rows.set(0, 51);
  rows.commit();
  assertEquals(seen(rows), {
    ids: [1, 5],
    births: [1, 2],
    counters: [NaN, 51],
  });
});

Deno.test("Rows.keep() adds nothing for an object that was never read", () => {
  const rows = newRows();
  rows.begin();
  rows.keep(4);
  rows.commit();
  assertEquals(seen(rows).ids, []);
});

Deno.test("Rows.abandon() leaves the last pass and takes its own births back", () => {
  const rows = newRows();
  pass(rows, [[1, 1, 10]]);
  rows.takeBirths();
  rows.begin();
  rows.add(1, Uint32Array.of(0, 1), 1);
  rows.add(2, Uint32Array.of(0, 1), 1);
  rows.describe(description(2, "w1"));
  rows.abandon();
  assertEquals(rows.birthSeq, 1);
  assertEquals(rows.takeBirths(), undefined);
  assertEquals(seen(rows).ids, [1]);
  pass(rows, [[1, 1, 11], [2, 1, 0]]);
  assertEquals(rows.takeBirths()?.firstBirth, 2);
});

Deno.test("Rows.abandon() keeps births of earlier passes that were not taken yet", () => {
  const rows = newRows();
  pass(rows, [[1, 1, 10]]);
  rows.begin();
  rows.add(1, Uint32Array.of(0, 2), 1);
  rows.describe(description(1, "w2"));
  rows.abandon();
  assertEquals(rows.takeBirths(), {
    firstBirth: 1,
    descriptions: [description(1, "w1")],
  });
});

Deno.test("Rows.commit() refuses a pass with an object that nobody described", () => {
  const rows = newRows();
  rows.begin();
  rows.add(1, Uint32Array.of(0, 1), 1);
  assertThrows(
    () => rows.commit(),
    Error,
    "Cannot commit a pass over btfs: expected 1 descriptions, found 0",
  );
});

Deno.test("Rows grows past its first capacity without losing a row", () => {
  const rows = newRows();
  const many = Array.from(
    { length: 1000 },
    (_, i): [number, number, number] => [i * 3 + 1, i, i * 2],
  );
  pass(rows, many);
  rows.takeBirths();
  pass(rows, many);
  assertEquals(rows.takeBirths(), undefined);
  assertEquals(seen(rows).counters, many.map(([, , counter]) => counter));
  assertEquals(seen(rows).ids, many.map(([id]) => id));
});

/** repeat() of records of four words: an id, an identity word, and a counter's two halves. */
function repeat(
  rows: Rows<"btf">,
  records: [number, number, number][],
  leaveOut: number[] = [],
): boolean {
  const words = Uint32Array.from(
    records.flatMap(([id, word, counter]) => [id, word, counter, 0]),
  );
  return rows.repeat(words, records.length, 4, leaveOut, [2]);
}

Deno.test("Rows.repeat() takes the same objects with new counters, and nobody is born", () => {
  const rows = newRows();
  pass(rows, [[3, 7, 10], [9, 8, 20]]);
  rows.takeBirths();
  const records: [number, number, number][] = [
    ...[[1, 5, 99], [3, 7, 11], [6, 5, 99]] as [number, number, number][],
    ...[[9, 8, 21], [12, 5, 99]] as [number, number, number][],
  ];
  assertEquals(repeat(rows, records, [1, 6, 12, 40]), true);
  assertEquals(seen(rows), { ids: [3, 9], births: [1, 2], counters: [11, 21] });
  assertEquals(rows.takeBirths(), undefined);
});

Deno.test("Rows.repeat() leaves the last pass as it is when somebody came, went or is another", () => {
  const rows = newRows();
  pass(rows, [[3, 7, 10], [9, 8, 20]]);
  const before = seen(rows);
  const others: [number, number, number][][] = [
    ...[[], [[3, 7, 1]], [[9, 8, 1]]] as [number, number, number][][],
    [[3, 7, 1], [9, 8, 1], [10, 1, 1]],
    [[3, 7, 1], [4, 1, 1], [9, 8, 1]],
    [[3, 7, 1], [9, 9, 1]],
  ];
  for (const records of others) {
    assertEquals(repeat(rows, records), false);
    assertEquals(seen(rows), before);
  }
  assertEquals(repeat(newRows(), [[3, 7, 1]]), false);
});

Deno.test("Rows.repeat() loses no counter of rows that grew before or after it", () => {
  const rows = newRows();
  const some = (count: number, counter: number) =>
    Array.from(
      { length: count },
      (_, i): [number, number, number] => [i + 1, 7, counter + i],
    );
  pass(rows, some(60, 0));
  pass(rows, some(60, 100));
  for (const count of [60, 70, 200, 130, 300]) {
    pass(rows, some(count, 1000));
    repeat(rows, some(count, 2000));
    pass(rows, some(count, 3000));
    assertEquals(repeat(rows, some(count, 4000)), true);
    assertEquals(
      seen(rows).counters,
      some(count, 4000).map(([, , counter]) => counter),
    );
  }
});

Deno.test("Rows.setCounters() and repeat() take a u64 whose upper half is all ones for absent", () => {
  const rows = new Rows("btf", 1, ["entries"]);
  const record = (low: number, high: number) => Uint32Array.of(7, 1, low, high);
  rows.begin();
  rows.add(7, record(0, 0), 1);
  rows.describe(description(7, "w1"));
  rows.setCounters(record(5, 0xffff_ffff), 0, [2]);
  rows.commit();
  assertEquals(rows.columns.columns[0][0], NaN);
  assertEquals(rows.repeat(record(5, 1), 1, 4, [], [2]), true);
  assertEquals(rows.columns.columns[0][0], 5 + 2 ** 32);
  assertEquals(rows.repeat(record(0, 0xffff_ffff), 1, 4, [], [2]), true);
  assertEquals(rows.columns.columns[0][0], NaN);
});

Deno.test("Rows.some() looks at an identity word of every object of the last pass", () => {
  const rows = new Rows("btf", 2, []);
  rows.begin();
  for (const id of [3, 8]) {
    rows.add(id, Uint32Array.of(id * 10, 1), 0);
    rows.describe(description(id, "x"));
  }
  assertEquals(rows.some(0, [80]), false);
  rows.commit();
  assertEquals(rows.some(0, [80, 5]), true);
  assertEquals(rows.some(0, [1]), false);
  assertEquals(rows.some(1, [1]), true);
});

Deno.test("Rows.rollOf() is another number whenever one of these came or went, and 0 where there is none", () => {
  const rows = new Rows("btf", 1, []);
  const seen = new Set<number>();
  const rollWith = (objects: readonly [id: number, word: number][]) => {
    rows.begin();
    for (const [id, word] of objects) {
      if (!rows.add(id, Uint32Array.of(word), 0)) {
        rows.describe(description(id, "x"));
      }
    }
    rows.commit();
    return rows.rollOf(0, [27, 31]);
  };
  assertEquals(rollWith([[1, 2]]), 0);
  const objects: [number, number][][] = [
    [[1, 2], [3, 27]],
    // One came, one went, one went and one came, and all were others.
    [[1, 2], [3, 27], [4, 31]],
    [[1, 2], [4, 31]],
    [[1, 2], [5, 27]],
    [[1, 2], [6, 27], [7, 27]],
    [[1, 2], [8, 27], [9, 27]],
  ];
  for (const these of objects) {
    const roll = rollWith(these);
    assertEquals(rollWith([...these, [99, 2]]), roll);
    seen.add(roll);
  }
  assertEquals(seen.size, objects.length);
});
