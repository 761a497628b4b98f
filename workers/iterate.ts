/**
 * Owns the pass of an iterator over one table: the tick program says who is there and what was counted, the birth program describes
 * whoever is new and runs only then. In: two open iterators, and what a kind makes of their records. Out: rows, or the reason
 * why the last ones stand.
 * @module
 */
import {
  type IterationFailure,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  type OpenIterator,
} from "../ffi/mod.ts";
import type { Descriptions, ObjectType } from "./protocol.ts";
import type { Rows } from "./rows.ts";

/** The two iterators of a table, opened once, by whichever thread. Plain data. */
export interface TableIterators {
  readonly tick: OpenIterator;
  readonly birth: OpenIterator;
  /** One sentence: how well they work here. */
  readonly reason: string;
}

/** What a kind of object makes of records. */
export interface RecordReader<T extends ObjectType> {
  /** 32-bit words of both records' beginning that are an object's id and identity. */
  readonly headWords: number;
  /** Where in a tick record each column's u64 is, in words; -1 for one that this kernel lacks. */
  readonly counters: readonly number[];
  /** Undefined for an object that is gone by now. */
  describe(id: number, record: DataView): Descriptions[T] | undefined;
  /** After the descriptions of a pass. */
  finish?(): void;
  /** System calls of its own since it was made. */
  calls?(): number;
}

export class IteratorPass<T extends ObjectType> {
  readonly #rows: Rows<T>;
  readonly #tick: IteratorSession;
  readonly #birth: IteratorSession;
  readonly #reader: RecordReader<T>;
  /** Ascending. */
  readonly #leaveOut: readonly number[];
  /** Birth records are looked for in ascending id. */
  #bornAt = 0;

  constructor(
    kernel: KernelPort,
    rows: Rows<T>,
    { tick, birth }: TableIterators,
    leaveOut: readonly number[],
    reader: RecordReader<T>,
  ) {
    this.#rows = rows;
    this.#tick = session(kernel, tick);
    this.#birth = session(kernel, birth);
    this.#reader = reader;
    this.#leaveOut = leaveOut.toSorted((one, other) => one - other);
  }

  /** System calls since it was made. */
  get calls(): number {
    return this.#tick.calls + this.#birth.calls + (this.#reader.calls?.() ?? 0);
  }

  /** Words of identity beside the id, as Rows has them. */
  get identityWords(): number {
    return this.#reader.headWords - 1;
  }

  /** Reads what take() will take. */
  read(): IterationFailure | undefined {
    return this.#tick.run();
  }

  /** Makes rows of what was read. */
  take(): IterationFailure | undefined {
    const rows = this.#rows;
    rows.begin();
    if (this.#addKnown()) {
      rows.commit();
      return undefined;
    }
    rows.abandon();
    const failure = this.#birth.run();
    if (failure !== undefined) return failure;
    rows.begin();
    this.#addAll();
    rows.commit();
    this.#birth.forget();
    this.#reader.finish?.();
    return undefined;
  }

  /** Whether all objects were in the last pass. */
  #addKnown(): boolean {
    const { words, count, recordBytes } = this.#tick;
    const stride = recordBytes / 4;
    const { counters } = this.#reader;
    const rows = this.#rows;
    const own = this.#leaveOut;
    let nextOwn = 0;
    for (let i = 0; i < count; i++) {
      const at = i * stride;
      const id = words[at];
      while (own[nextOwn] < id) nextOwn++;
      if (own[nextOwn] === id) continue;
      if (!rows.add(id, words, at + 1)) return false;
      rows.setCounters(words, at, counters);
    }
    return true;
  }

  #addAll(): void {
    const { words, count, recordBytes } = this.#tick;
    const stride = recordBytes / 4;
    const reader = this.#reader;
    const { counters } = reader;
    const rows = this.#rows;
    this.#bornAt = 0;
    for (let i = 0; i < count; i++) {
      const at = i * stride;
      const id = words[at];
      if (this.#leaveOut.includes(id)) continue;
      if (!rows.knows(id, words, at + 1)) {
        const born = this.#recordOf(words, at);
        const told = born === undefined
          ? undefined
          : reader.describe(id, this.#birth.view(born));
        // Gone between the two iterations: as if it had gone before the first.
        if (told === undefined) continue;
        rows.add(id, words, at + 1);
        rows.describe(told);
      } else rows.add(id, words, at + 1);
      rows.setCounters(words, at, counters);
    }
  }

  /** The birth record of the very object whose tick record begins at `words[at]`. */
  #recordOf(words: Uint32Array, at: number): number | undefined {
    const { words: born, count, recordBytes } = this.#birth;
    const stride = recordBytes / 4;
    while (this.#bornAt < count && born[this.#bornAt * stride] < words[at]) {
      this.#bornAt++;
    }
    if (this.#bornAt === count) return undefined;
    const start = this.#bornAt * stride;
    for (let w = 0; w < this.#reader.headWords; w++) {
      if (born[start + w] !== words[at + w]) return undefined;
    }
    return this.#bornAt;
  }
}

function session(
  kernel: KernelPort,
  { linkFd, recordBytes }: OpenIterator,
): IteratorSession {
  return new IteratorSession(
    kernel,
    iterationsOf(kernel, linkFd),
    recordBytes,
  );
}
