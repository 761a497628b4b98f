/**
 * Owns the reading of counted bpf() operations. In: the iterator that drains them. Out: increments by process, in the columns of
 * operations_model.ts.
 * @module
 */
import {
  ATTACH_COMMANDS,
  END,
  errnoName,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  LOAD_BOUNDS_US,
  MAP_OPERATIONS,
  type OpenIterator,
  PROG_LOAD,
  ROW,
  skippedRuns,
  textAt,
  UNTIMED_BUCKET,
} from "../../ffi/sampling.ts";
import {
  ATTACH_COLUMNS,
  LOAD_COLUMNS,
  LOAD_STRIDE,
  type OperatingProcess,
  OPERATION_COLUMNS,
  OPERATIONS,
  type OperationsPass,
} from "../operations_model.ts";

/** What one reading gives. */
export type Counts = Pick<
  OperationsPass,
  "processes" | "rows" | "loads" | "attachFailures" | "lost" | "skipped"
>;

const NS_PER_MS = 1e6;
const HIGH = 2 ** 32;
const UNTIMED = LOAD_COLUMNS.indexOf("untimed");
const SUM_MS = LOAD_COLUMNS.indexOf("sumMs");

export class OperationsReader {
  readonly #session: IteratorSession;
  readonly #commands = new Map(
    Object.entries(MAP_OPERATIONS).map(([command, name]) => [
      Number(command),
      (OPERATIONS as readonly string[]).indexOf(name),
    ]),
  );
  /** As the kernel counts it, from the start on; undefined before the first reading. */
  #lost: number | undefined;
  readonly #skippedNow: () => number | undefined;
  #skipped: number | undefined;

  /** @param exitFd the program that counts */
  constructor(kernel: KernelPort, drain: OpenIterator, exitFd: number) {
    this.#skippedNow = () => skippedRuns(kernel, exitFd);
    this.#skipped = this.#skippedNow();
    this.#session = new IteratorSession(
      kernel,
      iterationsOf(kernel, drain),
      ROW.bytes,
    );
  }

  /** One sentence where a reading failed; what it took is lost then. */
  read(): Counts | string {
    const session = this.#session;
    const failure = session.run();
    if (failure !== undefined) {
      return `${failure.call} failed: ${errnoName(failure.errno)}`;
    }
    const last = session.count - 1;
    if (last < 0 || session.view(last).getUint32(ROW.command, true) !== END) {
      return "a pass over the counts of operations has no end";
    }
    const columns = new Columns();
    for (let i = 0; i < last; i++) {
      const row = session.view(i);
      const command = row.getUint32(ROW.command, true);
      const operation = this.#commands.get(command);
      if (operation !== undefined) columns.operation(row, operation);
      else if (command === PROG_LOAD) columns.load(row);
      else if (ATTACH_COMMANDS.includes(command)) columns.attach(row);
    }
    const lost = u64(session.view(last), ROW.count);
    const before = this.#lost ?? lost;
    this.#lost = lost;
    const skipped = this.#skippedNow();
    const skippedBefore = this.#skipped ?? skipped;
    this.#skipped = skipped;
    return {
      ...columns.counts(),
      lost: lost - before,
      ...(skipped === undefined || skippedBefore === undefined
        ? {}
        : { skipped: skipped - skippedBefore }),
    };
  }
}

class Columns {
  readonly #processes: OperatingProcess[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #rows: number[] = [];
  readonly #loads: number[] = [];
  readonly #loadAt = new Map<string, number>();
  readonly #attachFailures: number[] = [];

  operation(row: DataView, operation: number): void {
    const told: Record<typeof OPERATION_COLUMNS[number], number> = {
      mapId: row.getUint32(ROW.mapId, true),
      process: this.#process(row),
      operation,
      errno: row.getUint32(ROW.errno, true),
      count: u64(row, ROW.count),
    };
    for (const name of OPERATION_COLUMNS) this.#rows.push(told[name]);
  }

  load(row: DataView): void {
    const process = this.#process(row);
    const errno = row.getUint32(ROW.errno, true);
    const key = `${process} ${errno}`;
    let at = this.#loadAt.get(key);
    if (at === undefined) {
      at = this.#loads.length;
      this.#loadAt.set(key, at);
      this.#loads.push(process, errno);
      while (this.#loads.length < at + LOAD_STRIDE) this.#loads.push(0);
    }
    const bucket = row.getUint32(ROW.mapId, true);
    const column = bucket === UNTIMED_BUCKET
      ? UNTIMED
      : LOAD_COLUMNS.length + Math.min(bucket, LOAD_BOUNDS_US.length);
    this.#loads[at + column] += u64(row, ROW.count);
    this.#loads[at + SUM_MS] += u64(row, ROW.sumNs) / NS_PER_MS;
  }

  attach(row: DataView): void {
    const process = this.#process(row);
    const errno = row.getUint32(ROW.errno, true);
    const count = u64(row, ROW.count);
    // One row for all commands.
    for (let at = 0; at < this.#attachFailures.length;) {
      const known = this.#attachFailures;
      if (known[at] === process && known[at + 1] === errno) {
        known[at + 2] += count;
        return;
      }
      at += ATTACH_COLUMNS.length;
    }
    this.#attachFailures.push(process, errno, count);
  }

  counts(): Omit<Counts, "lost" | "skipped"> {
    return {
      processes: this.#processes,
      rows: Float64Array.from(this.#rows),
      loads: Float64Array.from(this.#loads),
      attachFailures: Float64Array.from(this.#attachFailures),
    };
  }

  #process(row: DataView): number {
    const pid = row.getUint32(ROW.pid, true);
    const startedAtMs = u64(row, ROW.startNs) / NS_PER_MS;
    const key = `${pid} ${startedAtMs}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.#processes.length;
    this.#indexes.set(key, index);
    this.#processes.push({
      pid,
      startedAtMs,
      comm: textAt(row, ROW.comm.offset, ROW.comm.size),
      cgroupId: String(row.getBigUint64(ROW.cgroupId, true)),
    });
    return index;
  }
}

/** Counts and times stay below 2^53. */
function u64(row: DataView, offset: number): number {
  return row.getUint32(offset + 4, true) * HIGH + row.getUint32(offset, true);
}
