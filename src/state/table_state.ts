/**
 * Owns the rows of one object type on the main thread, from tick to tick: which objects there are, their counters, what is
 * derived from them. In: births, and blocks as they were copied out of shared memory. Out: a frozen Table. A tick in which no
 * object came or went allocates nothing.
 * @module
 */
import type { BlockCopy } from "../../workers/columns.ts";
import type {
  Births,
  Descriptions,
  Loads,
  ObjectType,
  TableFailure,
} from "../../workers/protocol.ts";
import { type CountedWindow, takeWindow } from "./counted_window.ts";
import { CreatedCount } from "./created_count.ts";
import { failureText } from "./failure_text.ts";
import { sameObject } from "./identity.ts";
import type { OwnedRows } from "./owned_rows.ts";
import type { Columns, SeriesText, Table, TableStatus } from "./node_state.ts";
import { Ratios } from "./ratios.ts";
import { flagColumn, numberColumn, wordColumn } from "./row_arrays.ts";
import { SeriesRank } from "./series_rank.ts";

/** How one type's table is kept. */
export interface TableSpec<T extends ObjectType> {
  readonly type: T;
  /** Names of the block's first columns, which are counters, in its order. */
  readonly counters: readonly Columns[T][];
  /** Names of the columns behind them, which may fall. */
  readonly gauges?: readonly Columns[T][];
  /** The ratio column that is derived from a counter of ns. */
  readonly ratio?: {
    readonly of: Columns[T];
    readonly name: Columns[T];
    readonly peakName: Columns[T];
    /** It counts in windows alone, which counted() tells of. */
    readonly isWindowed?: boolean;
  };
  /** The counter whose rise in all objects is told by the second. */
  readonly rateOf?: Columns[T];
  /** Label text, made at birth. */
  readonly textOf: (description: Descriptions[T]) => SeriesText;
  /** What objects are ranked by when there are too many for series of their own. */
  readonly weightOf: (
    description: Descriptions[T],
    counters: (name: Columns[T]) => number,
  ) => number;
  readonly maxSeries: number;
  /** The id that the kernel gave out last when the agent started, where that is known. */
  readonly newestId?: number | undefined;
}

export class TableState<T extends ObjectType> {
  readonly #spec: TableSpec<T>;
  #count = 0;
  readonly #ids = wordColumn();
  readonly #births = wordColumn();
  readonly #ownSeries = flagColumn();
  /** Start of the sample that saw each object first. */
  readonly #seenAtMs = numberColumn();
  readonly #counters;
  readonly #gauges;
  readonly #ratios: Ratios | undefined;
  readonly #rank: SeriesRank;
  #descriptions: Descriptions[T][] = [];
  #text: SeriesText[] = [];
  /** What the counters of objects under `other` rose by, by place. */
  readonly #rest: Float64Array;
  #from = new Int32Array(0);

  #epoch = 0;
  /** Births of this epoch that no applied block has referred to yet. */
  readonly #pending: Map<number, Descriptions[T]> = new Map();
  #birthsUpTo = 0;
  #sampledAtMs: number | undefined;
  #status: TableStatus = "starting";
  #failure: TableFailure | undefined;
  /** What the counter `rateOf` of all objects rises by. */
  #perSecond: number | undefined;
  #countedToMs: number | undefined;
  readonly #created: CreatedCount;

  constructor(spec: TableSpec<T>) {
    this.#spec = spec;
    this.#counters = spec.counters.map(() => numberColumn());
    this.#gauges = (spec.gauges ?? []).map(() => numberColumn());
    this.#rest = new Float64Array(spec.counters.length);
    this.#rank = new SeriesRank(spec.maxSeries);
    this.#ratios = spec.ratio && new Ratios(spec.ratio.isWindowed);
    this.#created = new CreatedCount(spec.newestId);
  }

  /** Takes up what the kernel's own stream tells of births and deaths. */
  streamed(loads: Loads): void {
    this.#created.streamed(loads);
  }

  /** Takes births in; their objects appear with the first block that refers to them. */
  announce(births: Births<T>): void {
    if (births.epoch !== this.#epoch) {
      this.#epoch = births.epoch;
      this.#pending.clear();
    }
    births.descriptions.forEach((description, i) => {
      Object.freeze(description);
      this.#pending.set(births.firstBirth + i, description);
    });
    this.#birthsUpTo = births.firstBirth + births.descriptions.length - 1;
  }

  /** Makes `block` the present state. False, and the last state stands, while births that it refers to are not in. */
  apply(block: BlockCopy): boolean {
    if (block.epoch !== this.#epoch) {
      // An epoch without any birth yet: right for an empty table alone.
      if (block.birthSeq > 0) return false;
      this.#epoch = block.epoch;
      this.#birthsUpTo = 0;
      this.#pending.clear();
    }
    if (block.birthSeq > this.#birthsUpTo) return false;
    if (this.#rowsChanged(block)) this.#moveRows(block);
    this.#takeCounters(block);
    this.#takeGauges(block);
    this.#pending.clear();
    this.#sampled(block.startedAtMs);
    return true;
  }

  /** Takes up a sample, begun at `startedAtMs`, that found the same objects as the one before, with the same counters. */
  repeat(startedAtMs: number): void {
    if (this.#sampledAtMs !== undefined) {
      this.#ratios?.repeat(this.#count, this.#sampledAtMs, startedAtMs);
      if (startedAtMs > this.#sampledAtMs) this.#perSecond = 0;
    }
    this.#sampled(startedAtMs);
  }

  /** Takes up a window of counting, told by the worker's life `epoch`. */
  counted(window: CountedWindow, epoch: number): void {
    if (this.#ratios === undefined || epoch !== this.#epoch) return;
    takeWindow(this.#ratios, {
      count: this.#count,
      ids: this.#ids.values,
      births: this.#births.values,
      seenAtMs: this.#seenAtMs.values,
    }, window);
    this.#countedToMs = window.toMs;
  }

  /** No window comes any more. */
  notCounted(): void {
    for (let row = 0; row < this.#count; row++) this.#ratios?.skip(row);
    this.#countedToMs = undefined;
  }

  /** Notes that the last sample failed; rows that are there stay. */
  fail(failure: TableFailure): void {
    this.#failure = failure;
    if (this.#sampledAtMs !== undefined) this.#status = "stale";
    else if (failure.unavailable) this.#status = "unavailable";
  }

  /** So many objects may have series of their own from the next tick on. */
  setMaxSeries(max: number): void {
    this.#rank.retune(max);
  }

  /** The rows as owners.ts takes them; they stand until the next block. */
  get ownedRows(): OwnedRows<T> {
    return {
      descriptions: this.#descriptions,
      seenAtMs: this.#seenAtMs.values,
      sampled: this.#status === "sampled",
    };
  }

  /** CLOCK_MONOTONIC at the start of the sample that the rows are from; undefined before the first. */
  get sampledAtMs(): number | undefined {
    return this.#sampledAtMs;
  }

  freeze(): Table<T> {
    const count = this.#count;
    const columns: Record<string, Float64Array> = {};
    const rest: Record<string, number> = {};
    this.#spec.counters.forEach((name, c) => {
      columns[name] = this.#counters[c].values.slice(0, count);
      rest[name] = this.#rest[c];
    });
    this.#spec.gauges?.forEach((name, g) => {
      columns[name] = this.#gauges[g].values.slice(0, count);
    });
    if (this.#spec.ratio !== undefined && this.#ratios !== undefined) {
      const { ratios, peaks } = this.#ratios.copy(count);
      columns[this.#spec.ratio.name] = ratios;
      columns[this.#spec.ratio.peakName] = peaks;
    }
    return {
      type: this.#spec.type,
      status: this.#status,
      ...(this.#failure === undefined ? {} : {
        reason: failureText(this.#failure),
        unsupported: this.#failure.unsupported ?? false,
      }),
      ...(this.#sampledAtMs === undefined
        ? {}
        : { sampledAtMs: this.#sampledAtMs }),
      size: count,
      created: this.#created.created,
      destroyed: this.#created.destroyed,
      isCreatedExact: this.#created.isExact,
      descriptions: this.#descriptions.slice(0, count),
      text: this.#text.slice(0, count),
      ownSeries: this.#ownSeries.values.slice(0, count),
      restSize: count - this.#rank.ownCount,
      columns: columns as Record<Columns[T], Float64Array>,
      ...(this.#perSecond === undefined ? {} : { perSecond: this.#perSecond }),
      ...(this.#countedToMs === undefined
        ? {}
        : { countedToMs: this.#countedToMs }),
      rest: rest as Record<Columns[T], number>,
    };
  }

  #sampled(startedAtMs: number): void {
    this.#sampledAtMs = startedAtMs;
    this.#status = "sampled";
    this.#failure = undefined;
    this.#rank.renew(
      startedAtMs,
      this.#count,
      this.#ownSeries.values,
      this.#weightOf,
    );
  }

  readonly #weightOf = (row: number): number => {
    const { counters, weightOf } = this.#spec;
    return weightOf(
      this.#descriptions[row],
      (name) => this.#counters[counters.indexOf(name)].values[row],
    );
  };

  #rowsChanged(block: BlockCopy): boolean {
    // Births of another epoch may have the numbers that the present rows have.
    if (this.#pending.size > 0 || block.count !== this.#count) return true;
    const ids = this.#ids.values;
    const births = this.#births.values;
    for (let row = 0; row < block.count; row++) {
      if (block.births[row] !== births[row] || block.ids[row] !== ids[row]) {
        return true;
      }
    }
    return false;
  }

  /** Brings every array into the block's order: both are ascending, so one walk along the two finds who stayed. */
  #moveRows(block: BlockCopy): void {
    const first = this.#sampledAtMs === undefined;
    const descriptions: Descriptions[T][] = new Array(block.count);
    const text: SeriesText[] = new Array(block.count);
    if (this.#from.length < block.count) {
      this.#from = new Int32Array(Math.ceil(block.count * 1.5));
    }
    const from = this.#from;
    const ids = this.#ids.values;
    const births = this.#births.values;
    let old = 0;
    for (let row = 0; row < block.count; row++) {
      while (old < this.#count && ids[old] < block.ids[row]) old++;
      const candidate = old < this.#count && ids[old] === block.ids[row];
      const told = this.#pending.get(block.births[row]);
      const same = candidate &&
        (told === undefined ? births[old] === block.births[row] : sameObject(
          this.#spec.type,
          this.#descriptions[old],
          told,
        ));
      if (!same && told === undefined) {
        throw new Error(
          `Cannot apply a sample of ${this.#spec.type}s: row ${row} refers to birth ${
            block.births[row]
          }, which nobody announced`,
        );
      }
      from[row] = same ? old : -1;
      if (!same && !first) this.#created.born(block.ids[row]);
      if (told === undefined) {
        descriptions[row] = this.#descriptions[old];
        text[row] = this.#text[old];
      } else {
        descriptions[row] = told;
        text[row] = this.#spec.textOf(told);
      }
    }
    if (first) this.#created.begin(block.ids, block.count);
    this.#created.resize(block.count);
    this.#ids.move(from, block.count);
    this.#births.move(from, block.count);
    this.#ownSeries.move(from, block.count);
    this.#markNewcomers(block);
    this.#ratios?.move(from, block.count);
    for (const counter of this.#counters) counter.move(from, block.count);
    for (const gauge of this.#gauges) gauge.move(from, block.count);
    this.#ids.values.set(block.ids.subarray(0, block.count));
    this.#births.values.set(block.births.subarray(0, block.count));
    this.#rank.join(this.#ownSeries.values, from, block.count);
    this.#count = block.count;
    this.#descriptions = descriptions;
    this.#text = text;
  }

  #markNewcomers(block: BlockCopy): void {
    this.#seenAtMs.move(this.#from, block.count);
    const { values } = this.#seenAtMs;
    for (let row = 0; row < block.count; row++) {
      if (this.#from[row] < 0) values[row] = block.startedAtMs;
    }
  }

  /** As they were read: one that was not read at this tick is absent. */
  #takeGauges({ columns, count }: BlockCopy): void {
    const first = this.#counters.length;
    this.#gauges.forEach(({ values }, g) => {
      const next = columns[first + g];
      for (let row = 0; row < count; row++) values[row] = next[row];
    });
  }

  #takeCounters(block: BlockCopy): void {
    const own = this.#ownSeries.values;
    const first = this.#sampledAtMs === undefined;
    this.#ratios?.advance(block.startedAtMs);
    for (let c = 0; c < this.#counters.length; c++) {
      const { values } = this.#counters[c];
      const next = block.columns[c];
      const ratios = this.#spec.ratio?.of === this.#spec.counters[c]
        ? this.#ratios
        : undefined;
      let risen = 0;
      for (let row = 0; row < block.count; row++) {
        const last = values[row];
        if (next[row] !== next[row]) {
          // Not read at this tick, or not kept by this kernel: the last value, or its absence, stands.
          ratios?.skip(row);
          continue;
        }
        // Per-CPU sums are not read at one instant; what was once shown never falls.
        const value = next[row] < last ? last : next[row];
        values[row] = value;
        ratios?.read(row, last, value, block.startedAtMs);
        if (last === last) risen += value - last;
        // What an object has counted before the agent's start is nobody's increment.
        if (own[row] === 0 && !first) {
          this.#rest[c] += last === last ? value - last : value;
        }
      }
      if (this.#spec.rateOf === this.#spec.counters[c]) {
        this.#note(risen, block.startedAtMs);
      }
    }
  }

  /** The same tick read twice says nothing new. */
  #note(risen: number, nowMs: number): void {
    const elapsedMs = nowMs - (this.#sampledAtMs ?? nowMs);
    if (elapsedMs > 0) this.#perSecond = 1_000 * risen / elapsedMs;
  }
}
