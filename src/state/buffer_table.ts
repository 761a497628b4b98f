/**
 * Owns the rows of one kind of buffer from pass to pass. In: rows as the worker sent them, ascending by map id (and cpu). Out: a table
 * that is never written again once it was given away: counters that never fall while a buffer lives, a mark on every buffer whose
 * counters were ever estimated, events a second, and what stands for those beyond `--max-series`.
 * @module
 */
import { SeriesRank } from "./series_rank.ts";

/** As near to 1 as a number can be; as the worker has it. */
export const BELOW_ONE = 1 - Number.EPSILON / 2;

export interface BufferTable<C extends string> {
  readonly columns: readonly C[];
  /** Row after row, NaN is absent. Coverage is below 1 wherever anything was ever estimated. */
  readonly rows: Float64Array;
  readonly size: number;
  /** 1 where its counters were estimated at any time of its life, or its pages could not be believed. */
  readonly wasEstimated: Uint8Array;
  /** Over the time between the last two passes; NaN at first. */
  readonly eventsPerSecond: Float64Array;
  /** 1 where the buffer has series of its own, 0 where it is counted under `other`. */
  readonly ownSeries: Uint8Array;
  readonly restSize: number;
  /** What counters rose by under `other`, buffers that are gone included, and what gauges there sum up to. */
  readonly rest: Readonly<Partial<Record<C, number>>>;
  /** One sentence where there are no rows, or where the rows are older than the pass. */
  readonly reason?: string;
}

/** What every kind has. */
type SharedColumn = "mapId" | "serial" | "coverage" | "skippedBytes";

export interface BufferSpec<C extends string> {
  /** For some kinds cpu and isBroken are among them. */
  readonly columns: readonly (C | SharedColumn)[];
  readonly counters: readonly C[];
  /** A counter that begins at 0 with every life of the worker. */
  readonly ofOneLife?: C;
  readonly gauges: readonly C[];
  /** The counter that tells events, which buffers are ranked by as well. */
  readonly event: C;
  /** Serials mean the same in every life of the worker. */
  readonly isSerialLasting: boolean;
  readonly maxSeries: number;
}

export class BufferRows<C extends string> {
  readonly #spec: BufferSpec<C>;
  readonly #stride: number;
  readonly #rank: SeriesRank;
  readonly #risen: Float64Array;
  /** What a counter of one life had come to in the lives before, by row. */
  #base = new Float64Array();
  #takenAtMs = NaN;
  #table: BufferTable<C>;

  constructor(spec: BufferSpec<C>) {
    this.#spec = spec;
    this.#stride = spec.columns.length;
    this.#rank = new SeriesRank(spec.maxSeries);
    this.#risen = new Float64Array(spec.counters.length);
    this.#table = {
      columns: spec.columns as readonly C[],
      rows: new Float64Array(),
      size: 0,
      wasEstimated: new Uint8Array(),
      eventsPerSecond: new Float64Array(),
      ownSeries: new Uint8Array(),
      restSize: 0,
      rest: {} as Partial<Record<C, number>>,
    };
  }

  get table(): BufferTable<C> {
    return this.#table;
  }

  setMaxSeries(max: number): void {
    this.#rank.retune(max);
  }

  /**
   * Takes the rows of a pass, which are this table's own from now on.
   * @param isNewLife the worker was started anew since the last pass
   * @param reason one sentence where rows are not of this pass
   */
  take(
    rows: Float64Array,
    takenAtMs: number,
    isNewLife: boolean,
    reason: string | undefined,
  ): void {
    const before = this.#table;
    const size = Math.floor(rows.length / this.#stride);
    const from = this.#match(rows, size, isNewLife);
    const base = new Float64Array(size);
    const wasEstimated = new Uint8Array(size);
    const ownSeries = new Uint8Array(size);
    const eventsPerSecond = new Float64Array(size).fill(NaN);
    const seconds = (takenAtMs - this.#takenAtMs) / 1_000;
    const event = this.#at(this.#spec.event);
    for (let row = 0; row < size; row++) {
      const old = from[row];
      if (old < 0) continue;
      ownSeries[row] = before.ownSeries[old];
      wasEstimated[row] = before.wasEstimated[old];
      base[row] = isNewLife
        ? this.#baseOf(rows, row * this.#stride, old * this.#stride)
        : this.#base[old];
    }
    this.#rank.join(ownSeries, from, size);
    for (let row = 0; row < size; row++) {
      const old = from[row] * this.#stride;
      const at = row * this.#stride;
      const isOther = ownSeries[row] === 0;
      this.#keepCounters(rows, at, base[row], old, isOther);
      if (old >= 0 && seconds > 0 && reason === undefined) {
        const risen = rows[at + event] - before.rows[old + event];
        eventsPerSecond[row] = risen / seconds;
      }
      this.#markEstimates(rows, at, wasEstimated, row);
    }
    this.#rank.renew(
      takenAtMs,
      size,
      ownSeries,
      (row) => rows[row * this.#stride + event],
    );
    this.#base = base;
    this.#takenAtMs = takenAtMs;
    this.#table = {
      columns: before.columns,
      rows,
      size,
      wasEstimated,
      eventsPerSecond,
      ownSeries,
      restSize: size - this.#rank.ownCount,
      rest: this.#rest(rows, ownSeries, size),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  #at(name: C | SharedColumn | "cpu" | "isBroken"): number {
    return (this.#spec.columns as readonly string[]).indexOf(name);
  }

  /** For each row the one of before that is the same buffer, or -1. Both are ascending. */
  #match(rows: Float64Array, size: number, isNewLife: boolean): Int32Array {
    const before = this.#table;
    const stride = this.#stride;
    const map = this.#at("mapId");
    const cpu = this.#at("cpu");
    const compare = (at: number, old: number): number =>
      rows[at + map] - before.rows[old + map] ||
      (cpu < 0 ? 0 : rows[at + cpu] - before.rows[old + cpu]);
    const from = new Int32Array(size).fill(-1);
    let old = 0;
    for (let row = 0; row < size; row++) {
      const at = row * stride;
      while (old < before.size && compare(at, old * stride) > 0) old++;
      if (old === before.size || compare(at, old * stride) !== 0) continue;
      if (this.#isSame(rows, at, old * stride, isNewLife)) from[row] = old;
    }
    return from;
  }

  #isSame(
    rows: Float64Array,
    at: number,
    old: number,
    isNewLife: boolean,
  ): boolean {
    const { isSerialLasting, counters } = this.#spec;
    if (!isNewLife || isSerialLasting) {
      const serial = this.#at("serial");
      return rows[at + serial] === this.#table.rows[old + serial];
    }
    // The kernel's own counters never fall: where one did, it is another buffer. Estimates may, for a new worker begins them anew.
    return counters.every((name) =>
      name === this.#spec.event ||
      !(rows[at + this.#at(name)] < this.#table.rows[old + this.#at(name)])
    );
  }

  /** What the counter of one life begins at in the worker's new one. */
  #baseOf(rows: Float64Array, at: number, old: number): number {
    const { ofOneLife } = this.#spec;
    if (ofOneLife === undefined) return 0;
    const written = (this.#spec.columns as readonly string[])
      .indexOf("writtenBytes");
    const lost = this.#at(ofOneLife);
    const { rows: before } = this.#table;
    // Nothing was written since: what the new worker found may be what the old one had counted.
    const isCounted = rows[at + lost] > 0 && before[old + lost] > 0 &&
      rows[at + written] === before[old + written];
    return (before[old + lost] || 0) - (isCounted ? 1 : 0);
  }

  /**
   * Makes the row's counters what is shown: never less than before, and what was absent for a moment stands.
   * @param old where the same buffer's row was, negative for a new one
   */
  #keepCounters(
    rows: Float64Array,
    at: number,
    base: number,
    old: number,
    isOther: boolean,
  ): void {
    const { counters, ofOneLife } = this.#spec;
    const isFirst = Number.isNaN(this.#takenAtMs);
    for (let c = 0; c < counters.length; c++) {
      const place = this.#at(counters[c]);
      const told = rows[at + place] + (counters[c] === ofOneLife ? base : 0);
      const last = old < 0 ? NaN : this.#table.rows[old + place];
      const value = told < last || Number.isNaN(told) ? last : told;
      rows[at + place] = value;
      // What a buffer had counted before the agent's start is nobody's increment.
      if (isOther && !isFirst && !Number.isNaN(value)) {
        this.#risen[c] += value - (Number.isNaN(last) ? 0 : last);
      }
    }
  }

  #markEstimates(
    rows: Float64Array,
    at: number,
    wasEstimated: Uint8Array,
    row: number,
  ): void {
    const coverage = at + this.#at("coverage");
    const broken = this.#at("isBroken");
    const skipped = at + this.#at("skippedBytes");
    if (rows[skipped] > 0 || (broken >= 0 && rows[at + broken] === 1)) {
      wasEstimated[row] = 1;
    }
    if (wasEstimated[row] === 1) {
      rows[coverage] = Math.min(rows[coverage], BELOW_ONE);
    }
  }

  /** Buffers under `other`; undefined members where there never was one, or where of none that is known. */
  #rest(
    rows: Float64Array,
    ownSeries: Uint8Array,
    size: number,
  ): Partial<Record<C, number>> {
    const { counters, gauges } = this.#spec;
    const rest: Partial<Record<C, number>> = {};
    const isAny = ownSeries.includes(0);
    const isKnown = (name: C) => {
      for (let row = 0; row < size; row++) {
        const value = rows[row * this.#stride + this.#at(name)];
        if (ownSeries[row] === 0 && !Number.isNaN(value)) return true;
      }
      return false;
    };
    counters.forEach((name, c) => {
      if (this.#risen[c] > 0 || isKnown(name)) rest[name] = this.#risen[c];
    });
    if (!isAny) return rest;
    for (const name of gauges) {
      let sum = 0;
      for (let row = 0; row < size; row++) {
        const value = rows[row * this.#stride + this.#at(name)];
        if (ownSeries[row] === 0 && !Number.isNaN(value)) sum += value;
      }
      rest[name] = sum;
    }
    return rest;
  }
}
