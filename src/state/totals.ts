/**
 * Owns what a table says as a whole: whether its rows are known, and its memory by the formulas of the metric contract. In: one
 * instant of the node. Out: sums in bytes; undefined where a table was never read.
 * @module
 */
import type { MapDescription } from "../../workers/maps/model.ts";
import type { ProgramDescription } from "../../workers/programs/model.ts";
import type { NodeSnapshot, TableStatus } from "./node_state.ts";

/** Whether the rows of a table are known: those of a table that never was read are not. */
export function isKnown(table: { readonly status: TableStatus }): boolean {
  return table.status === "sampled" || table.status === "stale";
}

/** Bytes that a full map holds for keys and values. */
export function mapMemoryBytes(map: MapDescription): number {
  return (map.keySizeBytes + map.valueSizeBytes) * map.maxEntries;
}

/** Bytes of both forms of a program's instructions. */
export function programMemoryBytes(program: ProgramDescription): number {
  return program.jitedBytes + program.xlatedBytes;
}

export interface MemoryTotals {
  readonly mapBytes: number | undefined;
  readonly programBytes: number | undefined;
  /** Both; undefined where one of them is. */
  readonly totalBytes: number | undefined;
}

export function memoryTotals(tables: NodeSnapshot["tables"]): MemoryTotals {
  const mapBytes = sum(tables.map, mapMemoryBytes);
  const programBytes = sum(tables.program, programMemoryBytes);
  const totalBytes = mapBytes === undefined || programBytes === undefined
    ? undefined
    : mapBytes + programBytes;
  return { mapBytes, programBytes, totalBytes };
}

function sum<T>(
  table: { readonly status: TableStatus; readonly descriptions: readonly T[] },
  bytesOf: (description: T) => number,
): number | undefined {
  if (!isKnown(table)) return undefined;
  return table.descriptions.reduce((all, one) => all + bytesOf(one), 0);
}
