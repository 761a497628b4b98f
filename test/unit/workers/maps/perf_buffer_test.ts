/** Owns the tests of workers/maps/perf_buffer.ts. @module */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PERF_FLAG } from "../../../../ffi/mod.ts";
import {
  BELOW_ONE,
  PERF_COLUMNS,
} from "../../../../workers/maps/buffers_model.ts";
import { PerfBuffer } from "../../../../workers/maps/perf_buffer.ts";
import { type PerfRow, rowsOf } from "../../../kernel/perf_buffers.ts";
import { type PerfRecord, perfRecords } from "./perf_records.ts";

const PAGE = 4096;
const SIZE = 8 * PAGE;

function newBuffer(isLostExact = true): PerfBuffer {
  return new PerfBuffer(perfRecords({}), 0, 5, PAGE, isLostExact);
}

function take(buffer: PerfBuffer, record: PerfRecord): PerfRow {
  const rows = new Float64Array(PERF_COLUMNS.length);
  buffer.take(perfRecords(record), 0, 1, rows, 0);
  return rowsOf(rows)[0];
}

Deno.test("PerfBuffer.take() writes what a record says", () => {
  const row = take(newBuffer(), {
    index: 3,
    head: 2 ** 40 + 560,
    tail: 2 ** 40,
    lost: 2 ** 33,
    samples: 2 ** 34,
    walked: 2 ** 40 + 560,
    pid: 99,
  });
  assertEquals(row, {
    mapId: 7,
    serial: 5,
    cpu: 3,
    sizeBytes: SIZE,
    memoryBytes: SIZE + PAGE,
    writtenBytes: 2 ** 40 + 560,
    pendingBytes: 560,
    samples: 2 ** 34,
    coverage: 1,
    lostSamples: 2 ** 33,
    isLostExact: 1,
    pid: 99,
    skippedBytes: 0,
  });
  assertEquals(take(newBuffer(false), {}).isLostExact, 0);
});

Deno.test("PerfBuffer.take() covers not quite all where something was gone at first sight, and all where something was only being written", () => {
  const gone = newBuffer();
  assertEquals(take(gone, { head: 9_000 }).coverage, BELOW_ONE);
  const later = take(gone, { head: 9_560, walked: 560, samples: 10 });
  assertEquals([later.coverage, later.skippedBytes], [BELOW_ONE, 0]);
  const busy = newBuffer();
  assertEquals(take(busy, { head: 616, walked: 560 }).coverage, BELOW_ONE);
  assertEquals(take(busy, { head: 616, walked: 616 }).coverage, 1);
});

Deno.test("PerfBuffer.take() estimates samples that were overwritten from the size of those that were not", () => {
  const buffer = newBuffer();
  take(buffer, { samples: 100, walked: 5_600 });
  const row = take(buffer, { samples: 150, walked: 8_400, skipped: 5_600 });
  assertEquals([row.samples, row.coverage], [250, 0.6]);
  assertEquals(row.skippedBytes, 5_600);
});

Deno.test("PerfBuffer.take() waits with its estimate until some sample was seen", () => {
  const buffer = newBuffer();
  const blind = take(buffer, { skipped: 5_600 });
  assertEquals([blind.samples, blind.coverage], [0, 0]);
  const row = take(buffer, { samples: 10, walked: 560, skipped: 5_600 });
  assertEquals(row.samples, 110);
});

Deno.test("PerfBuffer.take() counts what was not looked at yet as not covered", () => {
  const row = take(newBuffer(), { samples: 10, walked: 560, unwalked: 560 });
  assertEquals([row.samples, row.coverage, row.skippedBytes], [10, 0.5, 0]);
});

Deno.test("PerfBuffer.take() has no pending bytes where the owner's tail cannot be", () => {
  const pending = (head: number, tail: number) =>
    take(newBuffer(), { head, tail }).pendingBytes;
  assertEquals(pending(100, 101), NaN);
  assertEquals(pending(2 ** 50, 0), NaN);
  assertEquals(pending(SIZE + 56, 0), SIZE);
});

Deno.test("PerfBuffer.take() says nothing of what an overwriting, a backward or an unkept buffer does not tell", () => {
  const of = (flags: number) => {
    const row = take(newBuffer(), { flags, head: 560, lost: 3 });
    return [
      row.writtenBytes,
      row.pendingBytes,
      row.samples,
      row.coverage,
      row.lostSamples,
    ];
  };
  assertEquals(of(PERF_FLAG.OVERWRITE), [560, NaN, NaN, NaN, 3]);
  assertEquals(of(PERF_FLAG.BACKWARD), [NaN, NaN, NaN, NaN, 3]);
  assertEquals(of(PERF_FLAG.UNKEPT), [560, 560, NaN, NaN, 3]);
});

Deno.test("PerfBuffer.take() keeps the process of an event whose opening thread has ended", () => {
  const buffer = newBuffer();
  assertEquals(take(buffer, {}).pid, NaN);
  take(buffer, { pid: 42 });
  assertEquals(take(buffer, { pid: 0 }).pid, 42);
});

Deno.test("PerfBuffer.isOf() tells events and generations apart", () => {
  const buffer = newBuffer();
  assert(buffer.isOf(perfRecords({ head: 8 }), 0));
  assert(!buffer.isOf(perfRecords({ eventId: 41 }), 0));
  assert(!buffer.isOf(perfRecords({ eventId: 40 + 2 ** 32 }), 0));
  assert(!buffer.isOf(perfRecords({ generation: 2 }), 0));
});

Deno.test("PerfBuffer.take() never lets samples fall, whatever is walked and skipped", () => {
  const step = fc.record({
    samples: fc.nat(1_000),
    walked: fc.nat(100_000),
    skipped: fc.nat(100_000),
  });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const buffer = newBuffer();
    const sum = { samples: 0, walked: 0, skipped: 0 };
    let before = 0;
    for (const { samples, walked, skipped } of steps) {
      sum.walked += walked;
      // A sample has a header.
      sum.samples += Math.min(samples, walked >> 3);
      sum.skipped += skipped;
      const row = take(buffer, sum);
      assert(row.samples >= before);
      assert(row.coverage >= 0 && row.coverage <= 1);
      before = row.samples;
    }
  }));
});
