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

/** Bytes that the kernel accounts to a map that has so many entries; NaN where it is not known. */
export function mapMemlockBytes(
  { memlock }: MapDescription,
  entries: number,
): number {
  if (memlock === undefined) return NaN;
  const { fixedBytes, entryBytes } = memlock;
  return entryBytes === 0 ? fixedBytes : fixedBytes + entryBytes * entries;
}

/** Bytes that the kernel accounts to a program; NaN where it is not known. */
export function programMemlockBytes(program: ProgramDescription): number {
  return program.memlockBytes ?? NaN;
}

/** What the kernel accounts, each object once; undefined where it is known of none. */
export interface MemlockTotals {
  readonly mapBytes: number | undefined;
  readonly programBytes: number | undefined;
  /** Of those that are known. */
  readonly totalBytes: number | undefined;
}

/** Objects of which it is not known are left out. */
export function memlockTotals(
  { map, program }: NodeSnapshot["tables"],
): MemlockTotals {
  const { entries } = map.columns;
  const mapBytes = sumOfKnown(
    map,
    (one, row) => mapMemlockBytes(one, entries[row]),
  );
  const programBytes = sumOfKnown(program, programMemlockBytes);
  const totalBytes = mapBytes === undefined && programBytes === undefined
    ? undefined
    : (mapBytes ?? 0) + (programBytes ?? 0);
  return { mapBytes, programBytes, totalBytes };
}

/** How full the fullest map is, from 0 to 1; undefined where no map tells its entries. */
export function fullestMapRatio(
  { map }: NodeSnapshot["tables"],
): number | undefined {
  if (!isKnown(map)) return undefined;
  const { entries } = map.columns;
  let fullest: number | undefined;
  map.descriptions.forEach(({ maxEntries }, row) => {
    const ratio = entries[row] / maxEntries;
    if (ratio >= (fullest ?? 0) && maxEntries > 0) fullest = ratio;
  });
  return fullest;
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

/** 0 for an empty table; undefined where nothing is known of what is there. */
function sumOfKnown<T>(
  table: { readonly status: TableStatus; readonly descriptions: readonly T[] },
  bytesOf: (description: T, row: number) => number,
): number | undefined {
  if (!isKnown(table)) return undefined;
  let total: number | undefined = table.descriptions.length === 0
    ? 0
    : undefined;
  table.descriptions.forEach((one, row) => {
    const bytes = bytesOf(one, row);
    if (!Number.isNaN(bytes)) total = (total ?? 0) + bytes;
  });
  return total;
}

function sum<T>(
  table: { readonly status: TableStatus; readonly descriptions: readonly T[] },
  bytesOf: (description: T) => number,
): number | undefined {
  if (!isKnown(table)) return undefined;
  return table.descriptions.reduce((all, one) => all + bytesOf(one), 0);
}
