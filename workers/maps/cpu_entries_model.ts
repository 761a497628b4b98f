/**
 * Owns what is known of the entries that each CPU counted of each map. It crosses as a message. Plain values.
 * @module
 */

/** All maps whose entries are counted by CPU, at one moment. */
export interface CpuEntriesPass {
  /** CLOCK_MONOTONIC. */
  readonly takenAtMs: number;
  /** All possible ones, from 0 on. */
  readonly cpus: number;
  /** Rows of a map's id and its count on each CPU, ascending by id. A count may be below 0: what one CPU added another deleted. */
  readonly rows: Float64Array;
  /** One sentence where nobody can look. */
  readonly reason?: string;
}
