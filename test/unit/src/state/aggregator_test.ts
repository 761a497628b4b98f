import { assertEquals, assertThrows } from "@std/assert";
import { Aggregator } from "../../../../src/state/aggregator.ts";
import type { Table } from "../../../../src/state/node_state.ts";
import {
  allocateBlock,
  BlockReader,
  BlockWriter,
} from "../../../../workers/columns.ts";
import type { LinkDescription } from "../../../../workers/links/model.ts";
import type { ProgramDescription } from "../../../../workers/programs/model.ts";
import type { TableFailure } from "../../../../workers/protocol.ts";

/** One object of a sample: id, load time (what tells two with one id apart), counters. */
interface Sight {
  readonly id: number;
  readonly load?: number;
  readonly ns?: number;
  readonly runs?: number;
  readonly misses?: number;
}

/** Plays the programs worker against an aggregator. */
class ProgramsWorker {
  readonly aggregator: Aggregator;
  #writer = new BlockWriter(allocateBlock(64, 3));
  #epoch = 0;
  #tick = 0;
  #birthSeq = 0;
  #births = new Map<string, number>();

  constructor(maxSeries = 100) {
    this.aggregator = new Aggregator({
      maxSeries,
      openBlock: (buffer) => new BlockReader(buffer),
      textOf: (type, { id }) => ({ labels: `${type}=${id}`, info: `i${id}` }),
    });
    this.respawn();
  }

  /** A new life: everything is told again. */
  respawn(): void {
    this.#epoch++;
    this.#tick = 0;
    this.#birthSeq = 0;
    this.#births = new Map();
    this.#writer = new BlockWriter(allocateBlock(64, 3));
    this.aggregator.block({
      kind: "block",
      epoch: this.#epoch,
      table: "program",
      buffer: this.#writer.buffer,
    });
  }

  /** Tells who is new; write() and report() complete a sample. */
  announce(sights: readonly Sight[]): void {
    const firstBirth = this.#birthSeq + 1;
    const births = new Map<string, number>();
    const descriptions: ProgramDescription[] = [];
    for (const { id, load = 1 } of sights) {
      const identity = `${id}:${load}`;
      const known = this.#births.get(identity);
      if (known === undefined) {
        descriptions.push(aProgram(id, identity));
        births.set(identity, ++this.#birthSeq);
      } else births.set(identity, known);
    }
    this.#births = births;
    if (descriptions.length > 0) {
      this.aggregator.births({
        kind: "births",
        epoch: this.#epoch,
        table: "program",
        firstBirth,
        descriptions,
      });
    }
  }

  write(startedAtMs: number, sights: readonly Sight[]): void {
    const column = (value: (sight: Sight) => number | undefined) =>
      Float64Array.from(sights, (sight) => value(sight) ?? 0);
    this.#writer.write(
      {
        epoch: this.#epoch,
        tick: ++this.#tick,
        birthSeq: this.#birthSeq,
        startedAtMs,
      },
      {
        count: sights.length,
        ids: Uint32Array.from(sights, ({ id }) => id),
        births: Uint32Array.from(
          sights,
          ({ id, load = 1 }) => this.#births.get(`${id}:${load}`) ?? 0,
        ),
        columns: [
          column(({ ns }) => ns),
          column(({ runs }) => runs),
          column(({ misses }) => misses),
        ],
      },
    );
  }

  report(failure?: TableFailure): void {
    this.aggregator.sampled({
      kind: "sampled",
      epoch: this.#epoch,
      tick: this.#tick,
      startedAtMs: 0,
      durationMs: 1,
      missedTicks: 0,
      syscalls: 1,
      tables: [{
        table: "program",
        skipped: {},
        ...(failure === undefined ? {} : { failure }),
      }],
    });
  }

  sample(startedAtMs: number, sights: readonly Sight[]): Table<"program"> {
    this.announce(sights);
    this.write(startedAtMs, sights);
    this.report();
    return this.table();
  }

  table(): Table<"program"> {
    return this.aggregator.freeze().tables.program;
  }
}

function aProgram(id: number, identity: string): ProgramDescription {
  return {
    id,
    identity,
    name: `p${id}`,
    type: "xdp",
    tag: "0011223344556677",
    jitedBytes: 100,
    xlatedBytes: 80,
  };
}

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
  assertEquals([table.created, table.destroyed], [2, 2]);
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

Deno.test("Aggregator.sampled() tells a link again that lost its device, and takes another target for another link", () => {
  const worker = new ProgramsWorker();
  const writer = new BlockWriter(allocateBlock(64, 0));
  const { aggregator } = worker;
  aggregator.block({
    kind: "block",
    epoch: 1,
    table: "link",
    buffer: writer.buffer,
  });
  let birth = 0;
  const see = (link: Omit<LinkDescription, "id" | "identity" | "type">) => {
    birth++;
    aggregator.births({
      kind: "births",
      epoch: 1,
      table: "link",
      firstBirth: birth,
      descriptions: [{ id: 4, identity: "4:xdp:xdp", type: "xdp", ...link }],
    });
    writer.write(
      { epoch: 1, tick: birth, birthSeq: birth, startedAtMs: birth },
      {
        count: 1,
        ids: Uint32Array.of(4),
        births: Uint32Array.of(birth),
        columns: [],
      },
    );
    aggregator.sampled({
      kind: "sampled",
      epoch: 1,
      tick: birth,
      startedAtMs: birth,
      durationMs: 0,
      missedTicks: 0,
      syscalls: 0,
      tables: [{ table: "link", skipped: {} }],
    });
    const { descriptions, created, destroyed } =
      aggregator.freeze().tables.link;
    return [descriptions[0].programId, created, destroyed];
  };
  assertEquals(see({ programId: 9, target: "ifindex:2" }), [9, 0, 0]);
  assertEquals(see({ programId: 10, target: "ifindex:2" }), [10, 0, 0]);
  assertEquals(
    see({ programId: 10, target: "ifindex:0", detached: true }),
    [10, 0, 0],
  );
  assertEquals(see({ programId: 11, target: "ifindex:3" }), [11, 1, 1]);
});

Deno.test("Aggregator counts objects beyond --max-series under other, whose counters never fall", () => {
  const worker = new ProgramsWorker(1);
  const first = worker.sample(0, [{ id: 1, runs: 10 }, { id: 2, runs: 20 }]);
  assertEquals([...first.ownSeries], [1, 0]);
  assertEquals([first.restSize, first.rest.runCount], [1, 20]);
  const second = worker.sample(1000, [{ id: 1, runs: 11 }, {
    id: 2,
    runs: 25,
  }]);
  assertEquals(second.rest.runCount, 25);
  const third = worker.sample(2000, [{ id: 1, runs: 12 }]);
  assertEquals([third.restSize, third.rest.runCount], [0, 25]);
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
  // 1 and then 1 of program 2, 5 of program 1: what each ran while it had no series of its own.
  assertEquals(after.rest.runCount, 7);
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
