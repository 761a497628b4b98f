/**
 * Owns the rows of one table within its worker, from pass to pass: who is there, who is new, what their counters say. In:
 * objects in ascending id, as a backend sees them. Out: RowColumns for the block, and the births that its rows refer to.
 * An object is the one of the last pass when its id and its identity words are. A pass over known objects allocates nothing.
 * @module
 */
import type { RowColumns } from "./columns.ts";
import type { Descriptions, ObjectType } from "./protocol.ts";

const TWO_TO_32 = 2 ** 32;
/** Upper half of a u64 that is absent in a record: no counter gets that far. */
const ABSENT = 0xffff_ffff;

/** Consecutive births. */
export interface NewBirths<T extends ObjectType> {
  readonly firstBirth: number;
  readonly descriptions: Descriptions[T][];
}

/** The rows of one pass. */
interface Pass {
  count: number;
  ids: Uint32Array<ArrayBuffer>;
  births: Uint32Array<ArrayBuffer>;
  /** Identity words, `wordCount` a row. */
  words: Uint32Array<ArrayBuffer>;
  columns: Float64Array<ArrayBuffer>[];
}

export class Rows<T extends ObjectType> {
  #wordCount: number;
  #last: Pass;
  #next: Pass;
  /** Where in the last pass the next id is looked for. */
  #cursor = 0;
  #birthSeq = 0;
  #firstUnsent = 1;
  #unsent: Descriptions[T][] = [];
  #unsentAtBegin = 0;
  #revision = 0;

  /** @param wordCount 32-bit words that make an object's identity beside its id */
  constructor(
    readonly table: T,
    wordCount: number,
    readonly columnNames: readonly string[],
  ) {
    this.#wordCount = wordCount;
    this.#last = emptyPass(64, wordCount, columnNames.length);
    this.#next = emptyPass(64, wordCount, columnNames.length);
  }

  /** The rows of the last pass that was committed. Valid until the next commit. */
  get columns(): RowColumns {
    return this.#last;
  }

  /** Another number whenever objects may have come or gone: each pass that is no repeat() counts. */
  get revision(): number {
    return this.#revision;
  }

  /** Number of the latest birth. */
  get birthSeq(): number {
    return this.#birthSeq;
  }

  /** Starts a pass. */
  begin(): void {
    this.#next.count = 0;
    this.#cursor = 0;
    this.#unsentAtBegin = this.#unsent.length;
  }

  /**
   * Adds object `id`, whose identity words begin at `words[first]`. False when it was not in the last pass: then describe()
   * must follow before the pass is committed, in the order of the rows.
   */
  add(id: number, words: Uint32Array, first: number): boolean {
    const at = this.#find(id);
    const known = at >= 0 && this.#sameWords(at, words, first);
    const row = this.#append(
      id,
      known ? this.#last.births[at] : ++this.#birthSeq,
    );
    const start = row * this.#wordCount;
    for (let w = 0; w < this.#wordCount; w++) {
      this.#next.words[start + w] = words[first + w];
    }
    return known;
  }

  /**
   * Takes a whole pass, when it has the objects of the last one and no other, without making its rows anew: only the columns are new.
   * Each record, `stride` words of `words`, begins with an id and its identity; `leaveOut` ascends; `offsets` are those of
   * setCounters(). False when somebody came or went: the last pass stands.
   */
  repeat(
    words: Uint32Array,
    records: number,
    stride: number,
    leaveOut: readonly number[],
    offsets: readonly number[],
  ): boolean {
    const { ids, words: lastWords, count } = this.#last;
    const { columns } = this.#next;
    const wordCount = this.#wordCount;
    const columnCount = offsets.length;
    // Columns change places, so both passes must have room for as many rows.
    if (this.#next.ids.length !== ids.length) return false;
    const ownCount = leaveOut.length;
    let own = ownCount > 0 ? leaveOut[0] : -1;
    let nextOwn = 0;
    let row = 0;
    let wordAt = 0;
    for (let at = 0; at < records * stride; at += stride) {
      const id = words[at];
      while (own < id && nextOwn < ownCount) {
        nextOwn++;
        own = nextOwn < ownCount ? leaveOut[nextOwn] : -1;
      }
      if (id === own) continue;
      if (row === count || ids[row] !== id) return false;
      for (let w = 1; w <= wordCount; w++) {
        if (lastWords[wordAt++] !== words[at + w]) return false;
      }
      for (let c = 0; c < columnCount; c++) {
        const offset = offsets[c];
        const word = at + offset;
        const upper = words[word + 1];
        columns[c][row] = offset < 0 || upper === ABSENT
          ? NaN
          : words[word] + upper * TWO_TO_32;
      }
      row++;
    }
    if (row !== count) return false;
    [this.#last.columns, this.#next.columns] = [columns, this.#last.columns];
    return true;
  }

  /** Whether add() would know the object. Asked in ascending id, as add(). */
  knows(id: number, words: Uint32Array, first: number): boolean {
    const at = this.#find(id);
    return at >= 0 && this.#sameWords(at, words, first);
  }

  /**
   * Has the next pass know nobody, for it comes from a backend whose identity is of other words. All are described again; births
   * count on.
   */
  restart(wordCount: number): void {
    this.#wordCount = wordCount;
    const { length } = this.columnNames;
    this.#last = emptyPass(64, wordCount, length);
    this.#next = emptyPass(64, wordCount, length);
  }

  /** Sets a column, by its place in `columnNames`, of the object that was added last. NaN is absent. */
  set(column: number, value: number): void {
    this.#next.columns[column][this.#next.count - 1] = value;
  }

  /**
   * Sets all columns of the object that was added last, each from a u64 at `words[at + offsets[column]]`; an offset of -1 makes
   * it absent, and so does a u64 whose upper half is all ones.
   */
  setCounters(
    words: Uint32Array,
    at: number,
    offsets: readonly number[],
  ): void {
    const { columns, count } = this.#next;
    for (let c = 0; c < offsets.length; c++) {
      const word = at + offsets[c];
      const upper = words[word + 1];
      columns[c][count - 1] = offsets[c] < 0 || upper === ABSENT
        ? NaN
        : words[word] + upper * TWO_TO_32;
    }
  }

  /** Describes the next object that add() did not know. */
  describe(description: Descriptions[T]): void {
    this.#unsent.push(description);
  }

  /** Identity word `word` of an object of the last pass; undefined for an object that was not in it. */
  lastWord(id: number, word: number): number | undefined {
    const at = this.#find(id);
    return at < 0 ? undefined : this.#last.words[at * this.#wordCount + word];
  }

  /** Whether identity word `word` of any object of the last pass is one of `values`. */
  some(word: number, values: readonly number[]): boolean {
    const { count, words } = this.#last;
    for (let row = 0; row < count; row++) {
      if (values.includes(words[row * this.#wordCount + word])) return true;
    }
    return false;
  }

  /**
   * Another number whenever an object came or went whose identity word `word` is one of `values`; 0 where there is none. Births only ever
   * rise, so the latest one and how many there are tell.
   */
  rollOf(word: number, values: readonly number[]): number {
    const { count, words, births } = this.#last;
    let found = 0;
    let latestBirth = 0;
    for (let row = 0; row < count; row++) {
      if (!values.includes(words[row * this.#wordCount + word])) continue;
      found++;
      if (births[row] > latestBirth) latestBirth = births[row];
    }
    return found * TWO_TO_32 + latestBirth;
  }

  /**
   * Keeps the last pass's row of an object that is there but is not read now, its columns absent. Nothing where there was no
   * row.
   */
  keep(id: number): void {
    const at = this.#find(id);
    if (at < 0) return;
    const row = this.#append(id, this.#last.births[at]);
    const words = this.#wordCount;
    this.#next.words.set(
      this.#last.words.subarray(at * words, (at + 1) * words),
      row * words,
    );
    for (let c = 0; c < this.#next.columns.length; c++) {
      this.#next.columns[c][row] = NaN;
    }
  }

  /** Ends a pass that saw every object. @throws {Error} when objects are without description. */
  commit(): void {
    const expected = this.#birthSeq - this.#firstUnsent + 1;
    if (this.#unsent.length !== expected) {
      throw new Error(
        `Cannot commit a pass over ${this.table}s: expected ${expected} descriptions, found ${this.#unsent.length}`,
      );
    }
    [this.#last, this.#next] = [this.#next, this.#last];
    this.#revision++;
  }

  /** Ends a pass that did not reach the end: the last one stands, and nobody was born. */
  abandon(): void {
    this.#unsent.length = this.#unsentAtBegin;
    this.#birthSeq = this.#firstUnsent + this.#unsentAtBegin - 1;
  }

  /** The births since the last call, to be sent before the block that refers to them; undefined when there are none. */
  takeBirths(): NewBirths<T> | undefined {
    if (this.#unsent.length === 0) return undefined;
    const births = {
      firstBirth: this.#firstUnsent,
      descriptions: this.#unsent,
    };
    this.#firstUnsent += this.#unsent.length;
    this.#unsent = [];
    return births;
  }

  /** Ids ascend in both passes, so the search only ever moves on. */
  #find(id: number): number {
    const last = this.#last;
    while (this.#cursor < last.count && last.ids[this.#cursor] < id) {
      this.#cursor++;
    }
    return this.#cursor < last.count && last.ids[this.#cursor] === id
      ? this.#cursor
      : -1;
  }

  #sameWords(at: number, words: Uint32Array, first: number): boolean {
    const start = at * this.#wordCount;
    for (let w = 0; w < this.#wordCount; w++) {
      if (this.#last.words[start + w] !== words[first + w]) return false;
    }
    return true;
  }

  #append(id: number, birth: number): number {
    const row = this.#next.count++;
    if (row === this.#next.ids.length) {
      this.#next = grown(this.#next, this.#wordCount);
    }
    this.#next.ids[row] = id;
    this.#next.births[row] = birth;
    return row;
  }
}

function emptyPass(
  capacity: number,
  wordCount: number,
  columnCount: number,
): Pass {
  return {
    count: 0,
    ids: new Uint32Array(capacity),
    births: new Uint32Array(capacity),
    words: new Uint32Array(capacity * wordCount),
    columns: Array.from(
      { length: columnCount },
      () => new Float64Array(capacity),
    ),
  };
}

function grown(pass: Pass, wordCount: number): Pass {
  const bigger = emptyPass(
    pass.ids.length * 2,
    wordCount,
    pass.columns.length,
  );
  bigger.count = pass.count;
  bigger.ids.set(pass.ids);
  bigger.births.set(pass.births);
  bigger.words.set(pass.words);
  pass.columns.forEach((column, c) => bigger.columns[c].set(column));
  return bigger;
}
