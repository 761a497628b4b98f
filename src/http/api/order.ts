/**
 * Owns which objects of a table a list shows, and in which order. In: a frozen table and a query. Out: rows. Sorting goes in
 * runs with turns between them: a comparison of 20,000 names at once would hold the event loop.
 * @module
 */
import type { Slices } from "../../metrics/slices.ts";
import type { ListQuery } from "./parameters.ts";
import { type AnyTable, fieldsAt } from "./rows.ts";

type Key = number | bigint | string | undefined;

/** Rows sorted in one go; about half a millisecond. */
const RUN_ROWS = 512;

/** Rows of the objects that match, in order, before `offset` and `limit` are applied. */
export async function chosenRows(
  table: AnyTable,
  { sort = "id", order = "asc", name }: ListQuery,
  isChosen: (row: number) => boolean,
  slices: Slices,
): Promise<number[]> {
  const rows: number[] = [];
  for (let row = 0; row < table.size; row++) {
    if ((name === undefined || hasName(table, row, name)) && isChosen(row)) {
      rows.push(row);
    }
    if (slices.isDue) await slices.turn();
  }
  if (sort === "id") {
    return order === "asc" ? rows : rows.reverse();
  }
  const keys: Key[] = new Array(table.size);
  for (const row of rows) {
    keys[row] = keyOf(table, row, sort);
    if (slices.isDue) await slices.turn();
  }
  return await sorted(rows, keys, order === "asc" ? 1 : -1, slices);
}

function hasName(
  table: AnyTable,
  row: number,
  part: string,
): boolean {
  const { name, fullName, target } = table.descriptions[row] as {
    readonly name?: string;
    readonly fullName?: string;
    readonly target?: string;
  };
  return [name, fullName, target].some((one) => one?.includes(part) === true);
}

/** 64-bit values are strings in JSON, but their order is that of numbers. */
function keyOf(
  table: AnyTable,
  row: number,
  field: string,
): Key {
  const value = fieldsAt(table, row)[field];
  if (field === "owner") return table.ownership?.rows[row]?.owner?.comm;
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "string") {
    return U64_FIELDS.has(field) ? BigInt(value) : value;
  }
  return typeof value === "number" ? value : undefined;
}

const U64_FIELDS: ReadonlySet<string> = new Set([
  "map_extra",
  "load_time_ns",
  "run_time_ns",
  "run_count",
  "recursion_misses",
]);

/** Merge sort, from runs upwards. Stable, so equal objects stay in ascending id. */
async function sorted(
  rows: readonly number[],
  keys: readonly Key[],
  direction: 1 | -1,
  slices: Slices,
): Promise<number[]> {
  function compare(a: number, b: number): number {
    const x = keys[a];
    const y = keys[b];
    if (x === y) return a - b;
    if (x === undefined) return 1;
    if (y === undefined) return -1;
    return x < y ? -direction : direction;
  }
  let runs: number[][] = [];
  for (let start = 0; start < rows.length; start += RUN_ROWS) {
    runs.push(rows.slice(start, start + RUN_ROWS).sort(compare));
    if (slices.isDue) await slices.turn();
  }
  while (runs.length > 1) {
    const longer: number[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      longer.push(
        i + 1 < runs.length
          ? await merged(runs[i], runs[i + 1], compare, slices)
          : runs[i],
      );
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

async function merged(
  left: readonly number[],
  right: readonly number[],
  compare: (a: number, b: number) => number,
  slices: Slices,
): Promise<number[]> {
  const all: number[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    all.push(compare(left[l], right[r]) <= 0 ? left[l++] : right[r++]);
    if (all.length % 256 === 0 && slices.isDue) await slices.turn();
  }
  while (l < left.length) all.push(left[l++]);
  while (r < right.length) all.push(right[r++]);
  return all;
}
