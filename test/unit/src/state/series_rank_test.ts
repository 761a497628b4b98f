/** Owns the tests of src/state/series_rank.ts, alone and behind the aggregator. @module */
import { assertEquals } from "@std/assert";
import { SeriesRank } from "../../../../src/state/series_rank.ts";
import { ProgramsWorker } from "./programs_worker.ts";

Deno.test("SeriesRank.join() gives new rows what is free, and leaves others their place", () => {
  const rank = new SeriesRank(2);
  const own = Uint8Array.of(0, 1, 0, 0);
  rank.join(own, Int32Array.of(-1, 0, 1, -1), 4);
  assertEquals([...own], [1, 1, 0, 0]);
  assertEquals(rank.ownCount, 2);
});

Deno.test("SeriesRank.renew() takes a row without weight for the lightest, and the lower row of two alike", () => {
  const rank = new SeriesRank(2);
  const own = new Uint8Array(4);
  const weights = [5, NaN, 5, 5];
  rank.renew(0, 4, own, (row) => weights[row]);
  assertEquals([...own], [1, 0, 1, 0]);
});

Deno.test("Aggregator counts objects beyond --max-series under other, whose counters never fall", () => {
  const worker = new ProgramsWorker(1);
  const first = worker.sample(0, [{ id: 1, runs: 10 }, { id: 2, runs: 20 }]);
  assertEquals([...first.ownSeries], [1, 0]);
  assertEquals([first.restSize, first.rest.runCount], [1, 0]);
  const second = worker.sample(1000, [{ id: 1, runs: 11 }, {
    id: 2,
    runs: 25,
  }]);
  assertEquals(second.rest.runCount, 5);
  const third = worker.sample(2000, [{ id: 1, runs: 12 }]);
  assertEquals([third.restSize, third.rest.runCount], [0, 5]);
});

Deno.test("Aggregator ranks objects again after a minute, by run time", () => {
  const worker = new ProgramsWorker(1);
  worker.sample(0, [{ id: 1, ns: 10, runs: 1 }, { id: 2, ns: 5, runs: 1 }]);
  const sights = [{ id: 1, ns: 10, runs: 2 }, { id: 2, ns: 900, runs: 2 }];
  assertEquals([...worker.sample(59_000, sights).ownSeries], [1, 0]);
  assertEquals([...worker.sample(60_000, sights).ownSeries], [0, 1]);
  const after = worker.sample(60_100, [
    { id: 1, ns: 10, runs: 7 },
    { id: 2, ns: 900, runs: 4 },
  ]);
  // 1 of program 2, then 5 of program 1: what each ran while it had no series of its own.
  assertEquals(after.rest.runCount, 6);
});

Deno.test("Aggregator.setMaxSeries() ranks objects anew at the next tick", () => {
  const worker = new ProgramsWorker(2);
  const sights = [{ id: 1, ns: 5 }, { id: 2, ns: 9 }, { id: 3, ns: 7 }];
  assertEquals([...worker.sample(0, sights).ownSeries], [0, 1, 1]);
  worker.aggregator.setMaxSeries(1);
  assertEquals([...worker.sample(100, sights).ownSeries], [0, 1, 0]);
  worker.aggregator.setMaxSeries(9);
  assertEquals([...worker.sample(200, sights).ownSeries], [1, 1, 1]);
});
