/**
 * Owns what the iterator over each CPU's entries writes of them. In: nothing. Out: where in a record what is, for the program that
 * writes it and for who reads it.
 * @module
 */
import type { OpenIterator } from "./open.ts";

/** Where in a record what is, in bytes. The count is signed: what one CPU added another may have deleted. */
export const CPU_ENTRIES_RECORD = { bytes: 16, mapId: 0, cpu: 4, count: 8 };

/** Plain data, as OpenIterator. */
export interface CpuEntriesIterator extends OpenIterator {
  /** CPUs of which a map has a record, from 0 on: all possible ones. */
  readonly cpus: number;
}
