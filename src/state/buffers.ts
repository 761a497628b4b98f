/**
 * Owns what is known of ring and perf buffers on the main thread, from pass to pass and from one life of the maps worker to the next. In:
 * passes. Out: the rows as they are shown: counters that never fall while a buffer lives, and what was once estimated stays so.
 * @module
 */
import type {
  BuffersPass,
  PERF_COLUMNS,
  RING_COLUMNS,
} from "../../workers/maps/buffers_model.ts";
import { BufferRows, type BufferTable } from "./buffer_table.ts";

/** All buffers of the node at one moment. Its arrays are replaced with the next pass, never written. */
export interface BuffersState {
  /** CLOCK_MONOTONIC of the latest look. */
  readonly takenAtMs: number;
  /** Looks since the agent's start, and the time that all of them took. */
  readonly passes: number;
  readonly spentMs: number;
  /** Infinity where nothing looks. */
  readonly periodMs: number;
  /** Another number with every pass. */
  readonly revision: number;
  readonly rings: BufferTable<RingColumn>;
  readonly perf: BufferTable<PerfColumn>;
  /** One sentence why losses of rings are not counted one by one; absent where they are. */
  readonly ringLossesReason?: string;
}

/** Those of the worker, whose types alone come here. */
export const RINGS: typeof RING_COLUMNS = [
  "mapId",
  "serial",
  "isUser",
  "sizeBytes",
  "writtenBytes",
  "consumedBytes",
  "pendingBytes",
  "events",
  "discards",
  "coverage",
  "lossEpisodes",
  "fillRatioMax",
  "skippedBytes",
  "lostEvents",
  "isLostExact",
  "isBroken",
];
export const PERF: typeof PERF_COLUMNS = [
  "mapId",
  "serial",
  "cpu",
  "sizeBytes",
  "memoryBytes",
  "writtenBytes",
  "pendingBytes",
  "samples",
  "coverage",
  "lostSamples",
  "isLostExact",
  "pid",
  "skippedBytes",
];

export type RingColumn = (typeof RING_COLUMNS)[number];
export type PerfColumn = (typeof PERF_COLUMNS)[number];

export class Buffers {
  readonly #rings: BufferRows<RingColumn>;
  readonly #perf: BufferRows<PerfColumn>;
  #epoch = NaN;
  #last: BuffersPass | undefined;
  // Of the worker's lives before.
  #passes = 0;
  #spentMs = 0;
  #revision = 0;

  constructor(maxSeries: number) {
    this.#rings = new BufferRows({
      columns: RINGS,
      counters: [
        "writtenBytes",
        "consumedBytes",
        "events",
        "discards",
        "lossEpisodes",
        "lostEvents",
      ],
      // An account of the worker's own, which begins anew with it.
      ofOneLife: "lossEpisodes",
      gauges: ["pendingBytes", "sizeBytes"],
      event: "events",
      isSerialLasting: true,
      maxSeries,
    });
    this.#perf = new BufferRows({
      columns: PERF,
      counters: ["writtenBytes", "samples", "lostSamples"],
      gauges: ["pendingBytes", "sizeBytes", "memoryBytes"],
      event: "samples",
      isSerialLasting: false,
      maxSeries,
    });
  }

  /** @param epoch of the worker's life that looked */
  take(pass: BuffersPass, epoch: number): void {
    const isNewLife = epoch !== this.#epoch;
    if (isNewLife && this.#last !== undefined) {
      this.#passes += this.#last.passes;
      this.#spentMs += this.#last.spentMs;
    }
    this.#epoch = epoch;
    this.#last = pass;
    this.#revision++;
    const { takenAtMs, unavailable } = pass;
    this.#rings.take(pass.rings, takenAtMs, isNewLife, unavailable.rings);
    this.#perf.take(pass.perf, takenAtMs, isNewLife, unavailable.perf);
  }

  /** So many buffers of a kind may have series of their own from the next pass on. */
  setMaxSeries(max: number): void {
    this.#rings.setMaxSeries(max);
    this.#perf.setMaxSeries(max);
  }

  /** Undefined before the first pass. */
  get state(): BuffersState | undefined {
    if (this.#last === undefined) return undefined;
    const { takenAtMs, passes, spentMs, periodMs, unavailable } = this.#last;
    const { ringLosses } = unavailable;
    return {
      takenAtMs,
      passes: this.#passes + passes,
      spentMs: this.#spentMs + spentMs,
      periodMs,
      revision: this.#revision,
      rings: this.#rings.table,
      perf: this.#perf.table,
      ...(ringLosses === undefined ? {} : { ringLossesReason: ringLosses }),
    };
  }
}
