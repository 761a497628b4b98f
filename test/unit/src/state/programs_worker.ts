/**
 * Owns a worker that a test plays to an aggregator. In: what it sees at each tick. Out: the table after it.
 * @module
 */
import { Aggregator } from "../../../../src/state/aggregator.ts";
import type { Table } from "../../../../src/state/node_state.ts";
import {
  allocateBlock,
  BlockReader,
  BlockWriter,
} from "../../../../workers/columns.ts";
import type { ProgramDescription } from "../../../../workers/programs/model.ts";
import type { TableFailure } from "../../../../workers/protocol.ts";
import type { Window } from "../../../../workers/windows.ts";

/** One object of a sample: id, load time (what tells two with one id apart), counters. */
export interface Sight {
  readonly id: number;
  readonly load?: number;
  readonly ns?: number;
  readonly runs?: number;
  readonly misses?: number;
}

/** Plays the programs worker against an aggregator. */
export class ProgramsWorker {
  readonly aggregator: Aggregator;
  #writer = new BlockWriter(allocateBlock(64, 3));
  #epoch = 0;
  #tick = 0;
  #birthSeq = 0;
  #births = new Map<string, number>();

  constructor(maxSeries = 100, runStatsWindow?: Window) {
    this.aggregator = new Aggregator({
      maxSeries,
      runStatsWindow,
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

  /** Samples again and finds nothing new, so that no message tells of it. */
  repeat(startedAtMs: number): Table<"program"> {
    this.aggregator.repeated({
      kind: "sampled",
      epoch: this.#epoch,
      tick: ++this.#tick,
      startedAtMs,
      durationMs: 1,
      missedTicks: 0,
      syscalls: 1,
      tables: [{ table: "program", skipped: {} }],
    });
    return this.table();
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
