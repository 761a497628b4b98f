/**
 * Owns who holds objects by open descriptors. In: records of ffi/iter/file_program.ts. Out: processes, and what each holds, once.
 * @module
 */
import {
  errnoName,
  FILE_COUNT,
  FILE_RECORD,
  type HELD_TYPE,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  type OpenIterator,
  textAt,
} from "../../ffi/sampling.ts";
import type { HoldingProcess } from "./holders_model.ts";

type TypeNumber = typeof HELD_TYPE[keyof typeof HELD_TYPE];

/** Who holds what at one moment. */
export interface Held {
  readonly processes: readonly Omit<HoldingProcess, "cgroups">[];
  /** In threes, as in HoldersPass. */
  readonly holds: readonly number[];
  readonly descriptors: number;
  /** Of the reader, in the initial pid namespace; 0 where the iteration had no end. */
  readonly ownPid: number;
}

const PID = FILE_RECORD.pid / 4;
const UID = FILE_RECORD.uid / 4;
const START = FILE_RECORD.startNs / 4;
const TYPE = FILE_RECORD.type / 4;
const ID = FILE_RECORD.id / 4;
const IS_OWN = FILE_RECORD.isOwn / 4;
const { comm } = FILE_RECORD;
/** No id and no number of a type is as large. */
const TYPE_FACTOR = 2 ** 32;
const PROCESS_FACTOR = 4 * TYPE_FACTOR;

export class FileHolders {
  readonly #session: IteratorSession;
  readonly #isLeftOut: (type: number, id: number) => boolean;
  readonly #leavesOutOwn: boolean;
  #processes: Omit<HoldingProcess, "cgroups">[] = [];
  #holds: number[] = [];
  #descriptors = 0;
  #ownPid = 0;
  readonly #indices = new Map<string, number>();
  readonly #seen = new Set<number>();
  /** The record before: its process comes again mostly. */
  #last = { pid: 0, startLow: 0, startHigh: 0, index: 0 };

  constructor(
    kernel: KernelPort,
    iterator: OpenIterator,
    isLeftOut: (type: number, id: number) => boolean,
    leavesOutOwn: boolean,
  ) {
    this.#session = new IteratorSession(
      kernel,
      iterationsOf(kernel, iterator),
      iterator.recordBytes,
    );
    this.#isLeftOut = isLeftOut;
    this.#leavesOutOwn = leavesOutOwn;
  }

  /** One pass over all descriptors of all processes; one sentence where it failed. */
  read(): Held | string {
    this.#processes = [];
    this.#holds = [];
    this.#ownPid = 0;
    this.#descriptors = 0;
    this.#indices.clear();
    this.#seen.clear();
    this.#last = { pid: 0, startLow: 0, startHigh: 0, index: 0 };
    const failure = this.#session.stream(() => this.#take());
    this.#seen.clear();
    if (failure !== undefined) {
      return `${failure.call} failed: ${errnoName(failure.errno)}`;
    }
    return {
      processes: this.#processes,
      holds: this.#holds,
      descriptors: this.#descriptors,
      ownPid: this.#ownPid,
    };
  }

  #take(): void {
    const { words, count, recordBytes } = this.#session;
    for (let i = 0; i < count; i++) {
      const at = i * recordBytes / 4;
      const type = words[at + TYPE];
      const id = words[at + ID];
      if (type === FILE_COUNT) {
        this.#descriptors = id;
        this.#ownPid = words[at + PID];
        continue;
      }
      if (this.#leavesOutOwn && words[at + IS_OWN] === 1) continue;
      if (this.#isLeftOut(type, id)) continue;
      const process = this.#process(i, at);
      const key = process * PROCESS_FACTOR + type * TYPE_FACTOR + id;
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      this.#holds.push(process, type as TypeNumber, id);
    }
  }

  #process(i: number, at: number): number {
    const { words } = this.#session;
    const pid = words[at + PID];
    const startLow = words[at + START];
    const startHigh = words[at + START + 1];
    const last = this.#last;
    if (
      last.pid === pid && last.startLow === startLow &&
      last.startHigh === startHigh
    ) return last.index;
    const key = `${pid}/${startHigh}/${startLow}`;
    let index = this.#indices.get(key);
    if (index === undefined) {
      index = this.#processes.length;
      this.#indices.set(key, index);
      this.#processes.push({
        pid,
        startedAtMs: (startHigh * 2 ** 32 + startLow) / 1e6,
        comm: textAt(this.#session.view(i), comm.offset, comm.size),
        uid: words[at + UID],
      });
    }
    this.#last = { pid, startLow, startHigh, index };
    return index;
  }
}
