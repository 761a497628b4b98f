/** Owns the tests of src/state/aggregator.ts and table_state.ts: who is there, and what their counters say. @module */
import { assertEquals, assertThrows } from "@std/assert";
import type { Table } from "../../../../src/state/node_state.ts";
import { aPass } from "../../../pass_builders.ts";
import { ProgramsWorker } from "./programs_worker.ts";

function ids(table: Table<"program">): number[] {
  return table.descriptions.map(({ id }) => id);
}

Deno.test("Aggregator.freeze() has no rows and no counts before the first sample", () => {
  const table = new ProgramsWorker().table();
  assertEquals(table.status, "starting");
  assertEquals([table.size, table.created, table.destroyed], [0, 0, 0]);
  assertEquals(table.sampledAtMs, undefined);
});

Deno.test("Aggregator.sampled() does not count objects that were alive at start as created", () => {
  const table = new ProgramsWorker().sample(1000, [{ id: 3 }, { id: 5 }]);
  assertEquals(table.status, "sampled");
  assertEquals(ids(table), [3, 5]);
  assertEquals([table.created, table.destroyed], [0, 0]);
  assertEquals(table.text.map(({ labels }) => labels), [
    "program=3",
    "program=5",
  ]);
});

Deno.test("Aggregator.sampled() counts what comes and goes, and keeps the rows beside it right", () => {
  const worker = new ProgramsWorker();
  worker.sample(0, [{ id: 3, ns: 30 }, { id: 5, ns: 50 }, { id: 9, ns: 90 }]);
  const table = worker.sample(100, [{ id: 2, ns: 1 }, { id: 5, ns: 51 }, {
    id: 12,
    ns: 2,
  }]);
  assertEquals(ids(table), [2, 5, 12]);
  assertEquals([...table.columns.runTimeNs], [1, 51, 2]);
  // Ids 10 and 11 were given to programs that no sample saw.
  assertEquals([table.created, table.destroyed], [4, 4]);
});

Deno.test("Aggregator.sampled() takes a reused id for a new object that continues no counter", () => {
  const worker = new ProgramsWorker();
  worker.sample(0, [{ id: 7, load: 1, ns: 1e9 }]);
  const table = worker.sample(100, [{ id: 7, load: 2, ns: 5 }]);
  assertEquals([...table.columns.runTimeNs], [5]);
  assertEquals([table.created, table.destroyed], [1, 1]);
  assertEquals([...table.columns.cpuRatio], [NaN]);
});

Deno.test("Aggregator.sampled() never lets a counter of one object fall", () => {
  const worker = new ProgramsWorker();
  worker.sample(0, [{ id: 7, runs: 100 }]);
  assertEquals([
    ...worker.sample(100, [{ id: 7, runs: 99 }]).columns.runCount,
  ], [100]);
  assertEquals([
    ...worker.sample(200, [{ id: 7, runs: 101 }]).columns.runCount,
  ], [101]);
});

Deno.test("Aggregator.sampled() keeps NaN for a field that the kernel lacks", () => {
  const worker = new ProgramsWorker();
  worker.sample(0, [{ id: 7, misses: NaN }]);
  const table = worker.sample(100, [{ id: 7, misses: NaN }]);
  assertEquals([...table.columns.recursionMisses], [NaN]);
  assertEquals(table.rest.recursionMisses, 0);
});

Deno.test("Aggregator.sampled() derives a ratio from the time between two samples, not from the interval", () => {
  const worker = new ProgramsWorker();
  worker.sample(1000, [{ id: 7, ns: 0 }]);
  const table = worker.sample(1250, [{ id: 7, ns: 50e6 }]);
  assertEquals([...table.columns.cpuRatio], [0.2]);
});

Deno.test("Aggregator.freeze() keeps the highest ratio for 60 to 65 seconds", () => {
  const worker = new ProgramsWorker();
  let ns = 0;
  worker.sample(0, [{ id: 7, ns }]);
  ns += 500e6;
  worker.sample(1000, [{ id: 7, ns }]);
  for (let second = 2; second <= 60; second++) {
    ns += 100e6;
    worker.sample(second * 1000, [{ id: 7, ns }]);
  }
  assertEquals([...worker.table().columns.cpuRatioMax], [0.5]);
  for (let second = 61; second <= 66; second++) {
    worker.sample(second * 1000, [{ id: 7, ns }]);
  }
  const [peak] = worker.table().columns.cpuRatioMax;
  assertEquals(Math.round(peak * 1e6), 100_000);
});

Deno.test("Aggregator.sampled() goes on with every counter when a worker is respawned", () => {
  const worker = new ProgramsWorker();
  worker.sample(0, [{ id: 3, runs: 5 }, { id: 7, runs: 50 }]);
  worker.respawn();
  const table = worker.sample(1000, [{ id: 7, runs: 52 }, { id: 8 }]);
  assertEquals(ids(table), [7, 8]);
  assertEquals([...table.columns.runCount], [52, 0]);
  assertEquals([table.created, table.destroyed], [1, 1]);
});

Deno.test("Aggregator.sampled() sees that an id was reused while its worker was away", () => {
  const worker = new ProgramsWorker();
  worker.sample(0, [{ id: 3, load: 1, runs: 5 }]);
  worker.respawn();
  const table = worker.sample(1000, [{ id: 3, load: 2, runs: 1 }]);
  assertEquals([...table.columns.runCount], [1]);
  assertEquals([table.created, table.destroyed], [1, 1]);
});

Deno.test("Aggregator.sampled() sees that everything is gone when a respawned worker finds nothing", () => {
  const worker = new ProgramsWorker();
  worker.sample(0, [{ id: 3 }]);
  worker.respawn();
  const table = worker.sample(1000, []);
  assertEquals([table.size, table.destroyed], [0, 1]);
});

Deno.test("Aggregator.sampled() keeps the last state while births that a block refers to are not in", () => {
  const worker = new ProgramsWorker();
  worker.sample(0, [{ id: 3 }]);
  // The block is a tick ahead of the messages: its births have not been handled yet.
  const ahead = [{ id: 3 }, { id: 4 }];
  const late: (() => void)[] = [];
  const { births } = worker.aggregator;
  worker.aggregator.births = (message) =>
    late.push(() => births.call(worker.aggregator, message));
  worker.announce(ahead);
  worker.write(100, ahead);
  worker.report();
  assertEquals(ids(worker.table()), [3]);
  for (const handle of late) handle();
  worker.report();
  assertEquals(ids(worker.table()), [3, 4]);
});

Deno.test("Aggregator.sampled() keeps rows after a failed sample and says why", () => {
  const worker = new ProgramsWorker();
  worker.sample(0, [{ id: 3 }]);
  worker.report({
    call: "BPF_PROG_GET_FD_BY_ID",
    errno: "EMFILE",
    unavailable: false,
  });
  const table = worker.table();
  assertEquals(table.status, "stale");
  assertEquals(table.reason, "BPF_PROG_GET_FD_BY_ID failed: EMFILE");
  assertEquals(ids(table), [3]);
  assertEquals(worker.sample(100, [{ id: 3 }]).status, "sampled");
});

Deno.test("Aggregator.sampled() calls a table that was never read unavailable where it cannot be", () => {
  const worker = new ProgramsWorker();
  worker.report({
    call: "BPF_PROG_GET_NEXT_ID",
    errno: "EPERM",
    unavailable: true,
  });
  assertEquals(worker.table().status, "unavailable");
});

Deno.test("Aggregator.freeze() gives each reader a state that nothing changes any more", () => {
  const worker = new ProgramsWorker();
  const before = worker.sample(0, [{ id: 3, runs: 1 }]);
  before.columns.runCount.fill(999);
  assertEquals([...worker.table().columns.runCount], [1]);
  worker.sample(100, [{ id: 3, runs: 2 }, { id: 4 }]);
  assertEquals(ids(before), [3]);
  assertThrows(
    () => Object.assign(before.descriptions[0], { name: "x" }),
    TypeError,
  );
});

Deno.test("Aggregator.repeated() is as a sample that found the same", () => {
  const worker = new ProgramsWorker();
  worker.sample(1000, [{ id: 1, ns: 0 }]);
  worker.sample(1100, [{ id: 1, ns: 50e6 }]);
  const table = worker.repeat(1200);
  assertEquals(table.sampledAtMs, 1200);
  assertEquals([...table.columns.runTimeNs], [50e6]);
  assertEquals([...table.columns.cpuRatio], [0]);
  assertEquals([...table.columns.cpuRatioMax], [0.5]);
  // All of it fell into the last interval.
  const { columns } = worker.sample(1300, [{ id: 1, ns: 130e6 }]);
  assertEquals([...columns.cpuRatio], [0.8]);
});

Deno.test("Aggregator.repeated() takes in first what could not be read when it was told", () => {
  const worker = new ProgramsWorker();
  worker.sample(1000, [{ id: 1, ns: 0 }]);
  worker.write(1100, [{ id: 1, ns: 50e6 }]);
  const table = worker.repeat(1200);
  assertEquals([...table.columns.runTimeNs], [0]);
  worker.report();
  assertEquals([...worker.repeat(1300).columns.runTimeNs], [50e6]);
});

Deno.test("Aggregator.freeze() has what a look says of each row, whatever came and went since", () => {
  const worker = new ProgramsWorker();
  worker.sample(1000, [{ id: 3 }, { id: 5 }]);
  assertEquals(worker.aggregator.freeze().holders, undefined);
  assertEquals(worker.table().ownership, undefined);
  const pass = aPass({
    takenAtMs: 1_100,
    processes: [{ pid: 7, holds: ["program 5", "program 9"] }],
  });
  worker.aggregator.holders({ kind: "holders", epoch: 1, pass });
  const before = worker.table();
  function owners(table: Table<"program">): (number | undefined)[] {
    return table.ownership?.rows.map((row) => row?.owner?.pid) ?? [];
  }
  assertEquals(owners(before), [undefined, 7]);
  const after = worker.sample(1_200, [{ id: 1 }, { id: 5 }, { id: 9 }]);
  assertEquals(owners(after), [undefined, 7, 7]);
  assertEquals(owners(before), [undefined, 7]);
  const reused = worker.sample(1_300, [{ id: 5, load: 77 }]);
  assertEquals(owners(reused), [undefined]);
  assertEquals(worker.aggregator.freeze().holders?.takenAtMs, 1_100);
});

Deno.test("Aggregator.holders() calls no object an orphan that was seen after a look began", () => {
  const worker = new ProgramsWorker();
  worker.sample(1000, [{ id: 3 }]);
  const look = (takenAtMs: number) =>
    worker.aggregator.holders({
      kind: "holders",
      epoch: 1,
      pass: aPass({ takenAtMs }),
    });
  look(1_500);
  worker.sample(1_600, [{ id: 3 }, { id: 4 }]);
  look(2_500);
  // The other tables were never read here, and a program may be kept by any of them.
  assertEquals(
    worker.table().ownership?.rows.map((row) => row?.unheldSinceMs),
    [1_500, 2_500],
  );
  assertEquals(
    worker.aggregator.freeze().holders?.orphansReason,
    "the maps could not be read",
  );
});

Deno.test("Aggregator.runStats() takes ratios from windows alone, and forgets them when none can be opened", () => {
  const window = { onMs: 100, everyMs: 1_000 };
  const worker = new ProgramsWorker(100, window);
  worker.sample(1_000, [{ id: 3 }, { id: 7, ns: 0 }]);
  const { aggregator } = worker;
  assertEquals(aggregator.freeze().runStats, { window });
  aggregator.runStats({
    kind: "run_stats",
    epoch: 1,
    pass: {
      fromMs: 1_100,
      toMs: 1_200,
      elapsedMs: 1_000,
      countedMs: 100,
      isOther: true,
      ids: Uint32Array.of(7),
      births: Uint32Array.of(2),
      runTimeNs: Float64Array.of(25e6),
      runCounts: Float64Array.of(50),
    },
  });
  const table = worker.sample(1_500, [{ id: 3 }, { id: 7, ns: 400e6 }]);
  assertEquals([...table.columns.cpuRatio], [0, 0.25]);
  assertEquals([...table.columns.runTimeNs], [0, 400e6]);
  assertEquals(aggregator.freeze().runStats, {
    window,
    coverageRatio: 0.1,
    runsPerSecond: 500,
    isOther: true,
  });
  const reason = "BPF_ENABLE_STATS failed: EPERM";
  aggregator.runStatsFailed({ kind: "run_stats_failed", epoch: 1, reason });
  const { runStats, tables } = aggregator.freeze();
  assertEquals(runStats, { window, reason });
  assertEquals([...tables.program.columns.cpuRatio], [NaN, NaN]);
});
