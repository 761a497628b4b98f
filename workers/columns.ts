/**
 * Owns the block of memory through which the rows of one table cross from a worker to the main thread. In: rows in
 * ascending id. Out: a copy of the latest tick, whole or not at all.
 *
 * The block is a SharedArrayBuffer with two halves that are written in turn, each under a sequence lock: its sequence is
 * odd while it is written, and a reader that finds it odd or changed reads again. Nothing is allocated, cloned or waited for.
 * bench/handover.ts has the figures that this was chosen by.
 * @module
 */

/** Which tick a block holds. */
export interface Tick {
  readonly epoch: number;
  readonly tick: number;
  /** Number of the latest birth; the rows mean something only to who has all births up to it. */
  readonly birthSeq: number;
  /** CLOCK_MONOTONIC at the start of the sample. */
  readonly startedAtMs: number;
}

/** Rows in ascending id; each array holds at least `count`. */
export interface RowColumns {
  readonly count: number;
  readonly ids: Uint32Array;
  /** Number of the birth that describes the row's object. */
  readonly births: Uint32Array;
  /** In the order of the table's column names. */
  readonly columns: readonly Float64Array[];
}

/** 64 bytes in front of the halves, and of each half: a cache line, so that the lock and the rows do not share one. */
const HEADER_BYTES = 64;
const HEADER_WORDS = HEADER_BYTES / 4;

/** Words of the block's header. */
const CAPACITY = 0;
const COLUMN_COUNT = 1;
const LATEST = 2;

/** Words of a half's header; the start time, a Float64, is at 8. */
const SEQUENCE = 0;
const EPOCH = 1;
const TICK = 2;
const BIRTH_SEQ = 3;
const ROWS = 4;
const STARTED_AT = 8;

/** A torn read needs two whole writes during one copy, so a second try nearly always succeeds. */
const MAX_TRIES = 4;

interface Half {
  readonly header: Int32Array;
  readonly startedAt: Float64Array;
  readonly ids: Uint32Array;
  readonly births: Uint32Array;
  readonly columns: readonly Float64Array[];
}

/** A new, empty block for `capacity` rows (rounded up to a multiple of 64). */
export function allocateBlock(
  capacity: number,
  columnCount: number,
): SharedArrayBuffer {
  const rows = Math.max(64, Math.ceil(capacity / 64) * 64);
  const buffer = new SharedArrayBuffer(
    HEADER_BYTES + 2 * halfBytes(rows, columnCount),
  );
  const header = new Int32Array(buffer, 0, HEADER_WORDS);
  header[CAPACITY] = rows;
  header[COLUMN_COUNT] = columnCount;
  header[LATEST] = -1;
  return buffer;
}

/** The worker's side of a block. */
export class BlockWriter {
  readonly #header: Int32Array;
  readonly #halves: readonly Half[];

  constructor(readonly buffer: SharedArrayBuffer) {
    this.#header = new Int32Array(buffer, 0, HEADER_WORDS);
    this.#halves = openHalves(buffer);
  }

  /** Rows that fit. */
  get capacity(): number {
    return this.#header[CAPACITY];
  }

  /** Whether the latest tick has these very rows, and refers to this latest birth. */
  holds(birthSeq: number, rows: RowColumns): boolean {
    const latest = this.#header[LATEST];
    if (latest < 0) return false;
    const { header, ids, births, columns } = this.#halves[latest];
    const { count } = rows;
    if (header[ROWS] !== count || header[BIRTH_SEQ] !== birthSeq) return false;
    for (let row = 0; row < count; row++) {
      if (ids[row] !== rows.ids[row] || births[row] !== rows.births[row]) {
        return false;
      }
    }
    for (let c = 0; c < columns.length; c++) {
      if (!alike(columns[c], rows.columns[c], count)) return false;
    }
    return true;
  }

  /** Publishes `rows` as `tick`. @throws {RangeError} when they do not fit. */
  write(tick: Tick, rows: RowColumns): void {
    if (rows.count > this.capacity) {
      throw new RangeError(
        `Cannot write ${rows.count} rows: the block holds ${this.capacity}`,
      );
    }
    const next = Atomics.load(this.#header, LATEST) === 0 ? 1 : 0;
    const half = this.#halves[next];
    // Read-modify-write, for a plain store would let the rows' stores be seen before it on weakly ordered processors.
    Atomics.add(half.header, SEQUENCE, 1);
    half.header[EPOCH] = tick.epoch;
    half.header[TICK] = tick.tick;
    half.header[BIRTH_SEQ] = tick.birthSeq;
    half.header[ROWS] = rows.count;
    half.startedAt[0] = tick.startedAtMs;
    half.ids.set(rows.ids.subarray(0, rows.count));
    half.births.set(rows.births.subarray(0, rows.count));
    for (let c = 0; c < half.columns.length; c++) {
      half.columns[c].set(rows.columns[c].subarray(0, rows.count));
    }
    Atomics.add(half.header, SEQUENCE, 1);
    Atomics.store(this.#header, LATEST, next);
  }
}

/** One tick, copied out of a block. */
export interface BlockCopy extends Tick, RowColumns {}

/** The main thread's side of a block. */
export class BlockReader {
  readonly #header: Int32Array;
  readonly #halves: readonly Half[];
  readonly #copy: {
    epoch: number;
    tick: number;
    birthSeq: number;
    startedAtMs: number;
    count: number;
    ids: Uint32Array;
    births: Uint32Array;
    columns: Float64Array[];
  };

  constructor(buffer: SharedArrayBuffer) {
    this.#header = new Int32Array(buffer, 0, HEADER_WORDS);
    this.#halves = openHalves(buffer);
    const capacity = this.#header[CAPACITY];
    this.#copy = {
      epoch: 0,
      tick: 0,
      birthSeq: 0,
      startedAtMs: 0,
      count: 0,
      ids: new Uint32Array(capacity),
      births: new Uint32Array(capacity),
      columns: this.#halves[0].columns.map(() => new Float64Array(capacity)),
    };
  }

  /** The latest tick, or undefined when there is none yet or the writer was in the way each time. Valid until the next call. */
  read(): BlockCopy | undefined {
    for (let i = 0; i < MAX_TRIES; i++) {
      const latest = Atomics.load(this.#header, LATEST);
      if (latest < 0) return undefined;
      if (this.#tryCopy(this.#halves[latest])) return this.#copy;
    }
    return undefined;
  }

  #tryCopy(half: Half): boolean {
    const sequence = Atomics.load(half.header, SEQUENCE);
    if (sequence & 1) return false;
    const copy = this.#copy;
    // A torn count may be anything, and must not reach beyond the arrays.
    const count = Math.min(half.header[ROWS], this.#header[CAPACITY]);
    copy.epoch = half.header[EPOCH];
    copy.tick = half.header[TICK];
    copy.birthSeq = half.header[BIRTH_SEQ];
    copy.startedAtMs = half.startedAt[0];
    copy.count = count;
    copy.ids.set(half.ids.subarray(0, count));
    copy.births.set(half.births.subarray(0, count));
    for (let c = 0; c < copy.columns.length; c++) {
      copy.columns[c].set(half.columns[c].subarray(0, count));
    }
    // Read-modify-write again: a load alone would let the copies above it happen after it.
    return Atomics.compareExchange(
      half.header,
      SEQUENCE,
      sequence,
      sequence,
    ) === sequence;
  }
}

/** Whether `count` values are the same; NaN, which is absent, is the same as NaN. */
function alike(one: Float64Array, other: Float64Array, count: number): boolean {
  for (let i = 0; i < count; i++) {
    if (one[i] !== other[i] && (one[i] === one[i] || other[i] === other[i])) {
      return false;
    }
  }
  return true;
}

function halfBytes(capacity: number, columnCount: number): number {
  return HEADER_BYTES + capacity * (4 + 4 + 8 * columnCount);
}

function openHalves(buffer: SharedArrayBuffer): Half[] {
  const header = new Int32Array(buffer, 0, HEADER_WORDS);
  const capacity = header[CAPACITY];
  const columnCount = header[COLUMN_COUNT];
  return [0, 1].map((index) => {
    const start = HEADER_BYTES + index * halfBytes(capacity, columnCount);
    const rows = start + HEADER_BYTES;
    const columns = rows + 8 * capacity;
    return {
      header: new Int32Array(buffer, start, HEADER_WORDS),
      startedAt: new Float64Array(buffer, start + STARTED_AT * 4, 1),
      ids: new Uint32Array(buffer, rows, capacity),
      births: new Uint32Array(buffer, rows + 4 * capacity, capacity),
      columns: Array.from(
        { length: columnCount },
        (_, c) =>
          new Float64Array(buffer, columns + c * 8 * capacity, capacity),
      ),
    };
  });
}
