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
  setBound,
} from "../ffi/sampling.ts";
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
  /** Records that have one of `values` in this word are left out too, whatever their ids. */
  readonly own?: { readonly word: number; readonly values: readonly number[] };
  /** Undefined for an object that is gone by now. */
  describe(id: number, record: DataView): Descriptions[T] | undefined;
  /** After the descriptions of a pass. */
  finish?(): void;
  /** System calls of its own since it was made. */
  calls?(): number;
}

/** mmap and munmap */
const BOUND_CALLS = 2;

export class IteratorPass<T extends ObjectType> {
  readonly #rows: Rows<T>;
  readonly #tick: IteratorSession;
  readonly #birth: IteratorSession;
  readonly #reader: RecordReader<T>;
  /** Ascending. */
  #leaveOut: readonly number[];
  readonly #alwaysLeftOut: readonly number[];
  /** From which id on the birth program writes; absent where it writes all. */
  readonly #boundFd: number | undefined;
  readonly #kernel: KernelPort;
  #calls = 0;
  /** Descriptions of this pass, by id. */
  readonly #told = new Map<number, Descriptions[T]>();

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
    this.#boundFd = birth.boundFd;
    this.#kernel = kernel;
    this.#reader = reader;
    this.#alwaysLeftOut = leaveOut;
    this.#leaveOut = leaveOut.toSorted(ascending);
  }

  /** System calls since it was made. */
  get calls(): number {
    return this.#tick.calls + this.#birth.calls + this.#calls +
      (this.#reader.calls?.() ?? 0);
  }

  /** What opens its iterations now, for messages. */
  get call(): string {
    return this.#tick.call;
  }

  /** Words of identity beside the id, as Rows has them. */
  get identityWords(): number {
    return this.#reader.headWords - 1;
  }

  /** Reads what take() will take. */
  read(): IterationFailure | undefined {
    const failure = this.#tick.run();
    const { own } = this.#reader;
    if (own !== undefined && own.values.length > 0) this.#leaveOutOwn(own);
    return failure;
  }

  #leaveOutOwn({ word, values }: { word: number; values: readonly number[] }) {
    const { words, count, recordBytes } = this.#tick;
    const ids = [...this.#alwaysLeftOut];
    for (let i = 0; i < count; i++) {
      const at = i * recordBytes / 4;
      if (values.includes(words[at + word])) ids.push(words[at]);
    }
    this.#leaveOut = ids.sort(ascending);
  }

  /** Makes rows of what was read. */
  take(): IterationFailure | undefined {
    const rows = this.#rows;
    const { words, count, recordBytes } = this.#tick;
    if (
      rows.repeat(
        words,
        count,
        recordBytes / 4,
        this.#leaveOut,
        this.#reader.counters,
      )
    ) return undefined;
    rows.begin();
    if (this.#addKnown()) {
      rows.commit();
      return undefined;
    }
    rows.abandon();
    const unknown = this.#unknown();
    const failure = this.#describe(unknown);
    if (failure !== undefined) return failure;
    rows.begin();
    this.#addAll(unknown);
    rows.commit();
    this.#told.clear();
    this.#reader.finish?.();
    return undefined;
  }

  /** Describes one object alone, whatever it is among: undefined where not both programs write it. */
  find(
    id: number,
  ): { readonly described: Descriptions[T] | undefined } | IterationFailure {
    const failure = this.#tick.run();
    if (failure !== undefined) return failure;
    const { words, count, recordBytes } = this.#tick;
    const stride = recordBytes / 4;
    let place = 0;
    while (place < count && words[place * stride] !== id) place++;
    if (place === count) return { described: undefined };
    const late = this.#describe([place]);
    const described = this.#told.get(id);
    this.#told.clear();
    return late ?? { described };
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

  /** Runs the birth program, and describes those at these places among the tick's records, ascending. */
  #describe(unknown: readonly number[]): IterationFailure | undefined {
    const { words: wanted, recordBytes } = this.#tick;
    const stride = recordBytes / 4;
    const birth = this.#birth;
    const bornStride = birth.recordBytes / 4;
    const { headWords } = this.#reader;
    let next = 0;
    this.#told.clear();
    // Ids are mostly given out upwards, and where they are not, the lowest is still one of these.
    this.#setBound(unknown.length === 0 ? 0 : wanted[unknown[0] * stride]);
    const failure = birth.stream(() => {
      const { words: born, count } = birth;
      for (let i = 0; i < count && next < unknown.length; i++) {
        const start = i * bornStride;
        const id = born[start];
        while (wanted[unknown[next] * stride] < id) next++;
        const at = unknown[next] * stride;
        // This very object, and no later one with its id.
        let word = 0;
        while (word < headWords && born[start + word] === wanted[at + word]) {
          word++;
        }
        if (word < headWords) continue;
        const told = this.#reader.describe(id, birth.view(i));
        if (told !== undefined) this.#told.set(id, told);
      }
    });
    // Others read it, too, and expect everybody.
    this.#setBound(0);
    return failure;
  }

  #setBound(id: number): void {
    if (this.#boundFd === undefined) return;
    this.#calls += BOUND_CALLS;
    setBound(this.#kernel, this.#boundFd, id);
  }

  /** Places of tick records, ascending, of objects that are not left out and were not in the last pass. */
  #unknown(): number[] {
    const { words, count, recordBytes } = this.#tick;
    const stride = recordBytes / 4;
    const places: number[] = [];
    const own = this.#leaveOut;
    let nextOwn = 0;
    this.#rows.begin();
    for (let i = 0; i < count; i++) {
      const at = i * stride;
      const id = words[at];
      while (own[nextOwn] < id) nextOwn++;
      if (own[nextOwn] === id) continue;
      if (!this.#rows.knows(id, words, at + 1)) places.push(i);
    }
    this.#rows.abandon();
    return places;
  }

  /** @param unknown as #unknown() answered */
  #addAll(unknown: readonly number[]): void {
    const { words, count, recordBytes } = this.#tick;
    const stride = recordBytes / 4;
    const { counters } = this.#reader;
    const rows = this.#rows;
    const own = this.#leaveOut;
    let nextOwn = 0;
    let nextUnknown = 0;
    for (let i = 0; i < count; i++) {
      const at = i * stride;
      const id = words[at];
      while (own[nextOwn] < id) nextOwn++;
      if (own[nextOwn] === id) continue;
      const isUnknown = i === unknown[nextUnknown];
      const told = isUnknown ? this.#told.get(id) : undefined;
      if (isUnknown) {
        nextUnknown++;
        // Gone between the two iterations: as if it had gone before the first.
        if (told === undefined) continue;
      }
      rows.add(id, words, at + 1);
      if (told !== undefined) rows.describe(told);
      rows.setCounters(words, at, counters);
    }
  }
}

function session(
  kernel: KernelPort,
  iterator: OpenIterator,
): IteratorSession {
  return new IteratorSession(
    kernel,
    iterationsOf(kernel, iterator),
    iterator.recordBytes,
  );
}

function ascending(one: number, other: number): number {
  return one - other;
}
