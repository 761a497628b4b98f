/** Owns the tests of workers/maps/perf_buffers.ts. @module */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  EPERM,
  type KernelPort,
  PERF_FLAG,
  PERF_RECORD,
  type PerfIterator,
} from "../../../../ffi/mod.ts";
import { PerfCollector } from "../../../../workers/maps/perf_buffers.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { rowsOf } from "../../../kernel/perf_buffers.ts";
import { type PerfRecord, perfRecords } from "./perf_records.ts";

const ITERATION = 999;
const ITERATOR: PerfIterator = {
  linkFd: 3,
  linkId: 1,
  programId: 1,
  form: "typed",
  recordBytes: PERF_RECORD.size,
  fields: [],
  absent: {},
  mapIds: [1, 2],
  btfId: 1,
  pageBytes: 4096,
  isLostExact: true,
};
const MORE = PERF_FLAG.MORE;

/** Perf buffers as the program would tell them: one list of records a pass, the last one for ever. */
class FakeBuffers {
  passes: PerfRecord[][] = [[]];
  refuses = false;
  passMs = 0;
  readonly kernel = new FakeKernel();
  #isRead = false;
  readonly port: KernelPort = Object.assign(Object.create(this.kernel), {
    monotonicMs: () => this.kernel.nowMs,
    bpf: () => {
      this.#isRead = false;
      return this.refuses ? -EPERM : ITERATION;
    },
    read: (_: number, into: Uint8Array) => {
      if (this.#isRead) return 0;
      this.#isRead = true;
      this.kernel.nowMs += this.passMs;
      const [records] = this.passes.length > 1
        ? this.passes.splice(0, 1)
        : this.passes;
      const words = perfRecords(...records);
      into.set(new Uint8Array(words.buffer));
      return words.byteLength;
    },
    close: () => 0,
  });
}

function start(
  ...passes: PerfRecord[][]
): { fake: FakeBuffers; perf: PerfCollector } {
  const fake = new FakeBuffers();
  fake.passes = passes;
  const perf = new PerfCollector(fake.port, ITERATOR);
  perf.look();
  return { fake, perf };
}

Deno.test("PerfCollector.look() leaves a row for each buffer, in the program's order", () => {
  const { perf } = start([
    { mapId: 3, index: 0, eventId: 8, head: 56 },
    { mapId: 3, index: 1, eventId: 9, head: 112 },
    { mapId: 9, index: 0, eventId: 8, head: 56 },
  ]);
  assertEquals(
    rowsOf(perf.rows).map(({ mapId, cpu, serial, writtenBytes }) => [
      mapId,
      cpu,
      serial,
      writtenBytes,
    ]),
    [[3, 0, 1, 56], [3, 1, 2, 112], [9, 0, 3, 56]],
  );
});

Deno.test("PerfCollector.look() passes again until nothing more is there, and no more than 8 times", () => {
  const { fake, perf } = start(
    [{ flags: MORE, samples: 1 }],
    [{ flags: MORE, samples: 2 }],
    [{ samples: 3 }],
  );
  assertEquals([perf.looks, perf.passes], [1, 3]);
  assertEquals(rowsOf(perf.rows)[0].samples, 3);
  fake.passes = [[{ flags: MORE, samples: 4 }]];
  perf.look();
  assertEquals([perf.looks, perf.passes], [2, 11]);
});

Deno.test("PerfCollector.revision changes with what is known alone", () => {
  const { fake, perf } = start([{ head: 56 }]);
  const { revision } = perf;
  perf.look();
  assertEquals(perf.revision, revision);
  fake.passes = [[{ head: 112 }]];
  perf.look();
  assertNotEquals(perf.revision, revision);
});

Deno.test("PerfCollector.look() forgets buffers that are gone, and gives a later one another serial", () => {
  const { fake, perf } = start([{ eventId: 8 }]);
  const { revision } = perf;
  fake.passes = [[]];
  perf.look();
  assertEquals(perf.rows.length, 0);
  assertNotEquals(perf.revision, revision);
  fake.passes = [[{ eventId: 9 }]];
  perf.look();
  assertEquals(rowsOf(perf.rows)[0].serial, 2);
});

Deno.test("PerfCollector.look() keeps its rows where a pass fails, says why, and recovers", () => {
  const { fake, perf } = start([{ head: 56 }]);
  fake.refuses = true;
  perf.look();
  assertEquals(perf.failure, "BPF_ITER_CREATE failed: EPERM");
  assertEquals(rowsOf(perf.rows)[0].writtenBytes, 56);
  const { revision } = perf;
  perf.look();
  assertEquals(perf.revision, revision);
  fake.refuses = false;
  perf.look();
  assertEquals(perf.failure, undefined);
  assertNotEquals(perf.revision, revision);
});

Deno.test("PerfCollector.nextDelayMs follows how fast the fastest buffer comes round, and what a look costs", () => {
  const { fake, perf } = start([{ head: 0 }, { index: 1, eventId: 41 }]);
  assertEquals(perf.nextDelayMs, 1_000);
  // A round in 100 ms.
  fake.kernel.nowMs += 50;
  fake.passes = [[{ head: 4 * 4096 }, { index: 1, eventId: 41 }]];
  perf.look();
  assert(Math.abs(perf.nextDelayMs - 35) < 1, String(perf.nextDelayMs));
  fake.kernel.nowMs += 1;
  fake.passes = [[{ head: 2 ** 30 }]];
  perf.look();
  assertEquals(perf.nextDelayMs, 10);
  fake.kernel.nowMs += 1;
  fake.passMs = 2;
  fake.passes = [[{ head: 2 ** 31 }]];
  perf.look();
  assertEquals(perf.nextDelayMs, 200);
  assertEquals(perf.spentMs, 2);
});
