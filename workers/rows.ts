/**
 * Owns the rows of one table within its worker, from pass to pass: who is there, who is new, what their counters say. In:
 * objects in ascending id, as a backend sees them. Out: RowColumns for the block, and the births that its rows refer to.
 * An object is the one of the last pass when its id and its identity words are. A pass over known objects allocates nothing.
 * @module
 */
import type { RowColumns } from "./columns.ts";
import type { Descriptions, ObjectType } from "./protocol.ts";

const TWO_TO_32 = 2 ** 32;

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
   * it absent.
   */
  setCounters(
    words: Uint32Array,
    at: number,
    offsets: readonly number[],
  ): void {
    const { columns, count } = this.#next;
    for (let c = 0; c < offsets.length; c++) {
      const word = at + offsets[c];
      columns[c][count - 1] = offsets[c] < 0
        ? NaN
        : words[word] + words[word + 1] * TWO_TO_32;
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
