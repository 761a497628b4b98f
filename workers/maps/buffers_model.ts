/**
 * Owns what is known of ring and perf buffers: numbers that the maps worker finds in passes of their own, and sends together, as rows
 * of Float64. NaN is absent. Plain values.
 * @module
 */

/** The most that a coverage is where something was never to be counted: as near to 1 as a number can be. */
export const BELOW_ONE = 1 - Number.EPSILON / 2;

/** Columns of a ring buffer's row, in their order. Counters never fall while `serial` stays. */
export const RING_COLUMNS = [
  "mapId",
  /** Another number for a later map with the same id. */
  "serial",
  /** 1 for a user ring buffer. */
  "isUser",
  /** Bytes that fit. */
  "sizeBytes",
  /** Since the map was made: exact, always. */
  "writtenBytes",
  "consumedBytes",
  /** Written and not consumed. */
  "pendingBytes",
  /** Records committed since the map was made, or since the ring was first seen where it had wrapped by then. */
  "events",
  /** Records that were given up. */
  "discards",
  /**
   * Share of the bytes written since the ring was first seen whose records were counted one by one, from 0 to 1. Below 1 events and
   * discards are estimated, or more is yet to be counted, or, where it is BELOW_ONE, there were others before that nobody counts.
   */
  "coverage",
  /** Times that a producer was seen to have found no room; each is one lost record at least. NaN where it cannot be told. */
  "lossEpisodes",
  /** Highest share of the size that was pending within the last 60 s. */
  "fillRatioMax",
  /** Bytes whose records were overwritten before anybody counted them: above 0 events and discards hold estimates, for good. */
  "skippedBytes",
  /**
   * Calls that found no way into it, since the loss probe was attached, or since the map was made where that was later. NaN
   * where there is no probe.
   */
  "lostEvents",
  /** 1 where lostEvents is exact; else the kernel left out some runs of the probe, or had no room to count. */
  "isLostExact",
  /** 1 while what the ring's pages say cannot be: positions that jump, headers that lie. Its counters stand still. */
  "isBroken",
] as const;

/** Columns of a perf buffer's row: one for each map and index, which is the CPU where its owner follows the custom. */
export const PERF_COLUMNS = [
  "mapId",
  "serial",
  "cpu",
  "sizeBytes",
  /** All memory of the buffer, its first page included. */
  "memoryBytes",
  "writtenBytes",
  "pendingBytes",
  /** Samples written. */
  "samples",
  /** As `coverage` of rings. */
  "coverage",
  /** perf_event.lost_samples: exact, since 6.0; before, what its LOST records say. */
  "lostSamples",
  /** 1 where lostSamples is exact. */
  "isLostExact",
  /** Process that opened the event, in the initial pid namespace. */
  "pid",
  /** As `skippedBytes` of rings. */
  "skippedBytes",
] as const;

/** All buffers of the node at one moment. */
export interface BuffersPass {
  /** CLOCK_MONOTONIC of the latest look. */
  readonly takenAtMs: number;
  /** Looks since the agent's start, and the time that all of them took. */
  readonly passes: number;
  readonly spentMs: number;
  /** From one look to the next, as it is now. */
  readonly periodMs: number;
  /** Rows of RING_COLUMNS, ascending by map id. */
  readonly rings: Float64Array;
  /** Rows of PERF_COLUMNS, ascending by map id and cpu. */
  readonly perf: Float64Array;
  /** By kind, one sentence why there are none; of `ringLosses` why they are not counted one by one. */
  readonly unavailable: {
    readonly rings?: string;
    readonly perf?: string;
    readonly ringLosses?: string;
  };
}
