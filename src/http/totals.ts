/**
 * Owns the totals that the page shows. In: one instant of the node. Out: sums over tables; undefined where a table was
 * never read.
 * @module
 */
import {
  mapMemoryBytes,
  programMemoryBytes,
} from "../metrics/object_metrics.ts";
import type { NodeSnapshot } from "../state/node_state.ts";

export interface MemoryTotals {
  /** (key_size + value_size) × max_entries of all maps. */
  readonly mapBytes: number | undefined;
  /** jited_prog_len + xlated_prog_len of all programs. */
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

interface Described<T> {
  readonly status: string;
  readonly sampledAtMs?: number;
  readonly descriptions: readonly T[];
}

function sum<T>(
  table: Described<T>,
  bytesOf: (description: T) => number,
): number | undefined {
  if (table.status === "unavailable" || table.sampledAtMs === undefined) {
    return undefined;
  }
  return table.descriptions.reduce((all, one) => all + bytesOf(one), 0);
}
