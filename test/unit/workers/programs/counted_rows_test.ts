/** Owns the tests of workers/programs/counted_rows.ts. @module */
import { assertEquals } from "@std/assert";
import { CountedRows } from "../../../../workers/programs/counted_rows.ts";

interface Row {
  readonly id: number;
  readonly birth?: number;
  readonly ns: number;
  readonly runs: number;
}

function columnsOf(rows: readonly Row[]) {
  return {
    count: rows.length,
    ids: Uint32Array.from(rows, ({ id }) => id),
    births: Uint32Array.from(rows, ({ id, birth }) => birth ?? id),
    columns: [
      Float64Array.from(rows, ({ ns }) => ns),
      Float64Array.from(rows, ({ runs }) => runs),
      new Float64Array(rows.length),
    ],
  };
}

function told(before: readonly Row[], after: readonly Row[]) {
  const counted = new CountedRows();
  counted.keep(columnsOf(before));
  const { ids, births, runTimeNs, runCounts } = counted.since(columnsOf(after));
  return [ids, births, runTimeNs, runCounts].map((column) => [...column]);
}

Deno.test("CountedRows.since() tells those that ran, and by how much", () => {
  assertEquals(
    told(
      [{ id: 1, ns: 10, runs: 1 }, { id: 3, ns: 5, runs: 5 }],
      [{ id: 1, ns: 10, runs: 1 }, { id: 3, ns: 105, runs: 25 }],
    ),
    [[3], [3], [100], [20]],
  );
});

Deno.test("CountedRows.since() passes over who came, who went, and who took over an id", () => {
  assertEquals(
    told(
      [
        { id: 1, ns: 0, runs: 0 },
        { id: 2, ns: 0, runs: 0 },
        { id: 4, ns: 0, runs: 0 },
      ],
      [
        { id: 2, birth: 9, ns: 7, runs: 7 },
        { id: 3, ns: 7, runs: 7 },
        { id: 4, ns: 8, runs: 2 },
        { id: 5, ns: 7, runs: 7 },
      ],
    ),
    [[4], [4], [8], [2]],
  );
  assertEquals(told([], [{ id: 1, ns: 1, runs: 1 }]), [[], [], [], []]);
});

Deno.test("CountedRows.since() tells what could not be read as unknown, and never a fall", () => {
  assertEquals(
    told(
      [
        { id: 1, ns: NaN, runs: NaN },
        { id: 2, ns: 9, runs: 9 },
      ],
      [
        { id: 1, ns: 5, runs: 5 },
        { id: 2, ns: 8, runs: 8 },
      ],
    ),
    [[1, 2], [1, 2], [NaN, 0], [NaN, 0]],
  );
});

Deno.test("CountedRows.keep() takes a copy, and makes room", () => {
  const counted = new CountedRows();
  const few = columnsOf([{ id: 1, ns: 0, runs: 0 }]);
  counted.keep(few);
  const many = columnsOf(
    Array.from({ length: 100 }, (_, i) => ({ id: i + 1, ns: 0, runs: 0 })),
  );
  counted.keep(many);
  many.columns[1].fill(3);
  assertEquals(counted.since(many).ids.length, 100);
  counted.keep(few);
  assertEquals(counted.since(many).ids.length, 1);
});
