import { assert, assertEquals, assertExists, assertThrows } from "@std/assert";
import {
  allocateBlock,
  BlockReader,
  BlockWriter,
  type RowColumns,
} from "../../../workers/columns.ts";

function rows(ids: number[], column: number[]): RowColumns {
  return {
    count: ids.length,
    ids: Uint32Array.from(ids),
    births: Uint32Array.from(ids, (id) => id * 10),
    columns: [Float64Array.from(column)],
  };
}

Deno.test("BlockReader.read() answers undefined before the first tick", () => {
  const reader = new BlockReader(allocateBlock(10, 1));
  assertEquals(reader.read(), undefined);
});

Deno.test("BlockReader.read() answers the latest tick, whole", () => {
  const writer = new BlockWriter(allocateBlock(10, 1));
  const reader = new BlockReader(writer.buffer);
  for (let tick = 1; tick <= 3; tick++) {
    writer.write(
      { epoch: 2, tick, birthSeq: 70, startedAtMs: tick * 100.5 },
      rows([4, 7], [0.5, tick]),
    );
    const copy = reader.read();
    assertExists(copy);
    assertEquals(copy.epoch, 2);
    assertEquals(copy.tick, tick);
    assertEquals(copy.birthSeq, 70);
    assertEquals(copy.startedAtMs, tick * 100.5);
    assertEquals([...copy.ids.slice(0, copy.count)], [4, 7]);
    assertEquals([...copy.births.slice(0, copy.count)], [40, 70]);
    assertEquals([...copy.columns[0].slice(0, copy.count)], [0.5, tick]);
  }
});

Deno.test("BlockReader.read() answers an empty table", () => {
  const writer = new BlockWriter(allocateBlock(0, 1));
  writer.write(
    { epoch: 1, tick: 1, birthSeq: 0, startedAtMs: 0 },
    rows([], []),
  );
  assertEquals(new BlockReader(writer.buffer).read()?.count, 0);
});

Deno.test("BlockReader.read() gives up on a half whose writer died in the middle", () => {
  const writer = new BlockWriter(allocateBlock(10, 1));
  writer.write(
    { epoch: 1, tick: 1, birthSeq: 1, startedAtMs: 0 },
    rows([1], [1]),
  );
  // The latest half's sequence: odd is «being written».
  Atomics.add(new Int32Array(writer.buffer, 64), 0, 1);
  assertEquals(new BlockReader(writer.buffer).read(), undefined);
});

Deno.test("BlockWriter.write() refuses rows that do not fit", () => {
  const writer = new BlockWriter(allocateBlock(64, 1));
  const many = Array.from({ length: 65 }, (_, id) => id);
  assertThrows(
    () =>
      writer.write(
        { epoch: 1, tick: 1, birthSeq: 1, startedAtMs: 0 },
        rows(many, many),
      ),
    RangeError,
    "65 rows: the block holds 64",
  );
});

Deno.test("BlockReader.read() never mixes two ticks while a thread writes without pause", async () => {
  const buffer = allocateBlock(512, 2);
  const reader = new BlockReader(buffer);
  const worker = new Worker(
    new URL("../../fixtures/workers/block_writer.ts", import.meta.url),
    { type: "module" },
  );
  try {
    const started = new Promise((resolve) => worker.onmessage = resolve);
    worker.postMessage(buffer);
    await started;
    const ticks = new Set<number>();
    for (let tries = 0; ticks.size < 300; tries++) {
      assert(tries < 50_000_000, `only ${ticks.size} ticks were seen`);
      const copy = reader.read();
      if (copy === undefined) continue;
      ticks.add(copy.tick);
      for (let row = 0; row < copy.count; row++) {
        if (
          copy.columns[0][row] !== copy.tick || copy.births[row] !== copy.tick
        ) throw new Error(`tick ${copy.tick} has a row of another one`);
      }
      assertEquals(copy.count, copy.tick % 512);
    }
  } finally {
    worker.terminate();
  }
});

Deno.test("BlockWriter.holds() knows the rows of the latest tick again, absent values too", () => {
  const writer = new BlockWriter(allocateBlock(10, 1));
  const latest = rows([4, 7], [NaN, 3]);
  assert(!writer.holds(70, latest));
  for (const tick of [1, 2]) {
    writer.write({ epoch: 2, tick, birthSeq: 70, startedAtMs: 1 }, latest);
    assert(writer.holds(70, latest));
  }
  assert(!writer.holds(71, latest));
  assert(!writer.holds(70, rows([4], [NaN])));
  assert(!writer.holds(70, rows([4, 8], [NaN, 3])));
  assert(!writer.holds(70, rows([4, 7], [NaN, 4])));
  assert(!writer.holds(70, rows([4, 7], [1, 3])));
  assert(!writer.holds(70, rows([4, 7], [NaN, NaN])));
  assert(!writer.holds(70, { ...latest, births: Uint32Array.of(40, 71) }));
});
