/**
 * Owns the cells of the tables that `once` shows. In: numbers with units; NaN and undefined are absent. Out: text; a dash for
 * what is absent.
 * @module
 */
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";
import { formatBytes, formatCount } from "../http/format.ts";
import { isKnown } from "../state/totals.ts";
import type { TableStatus } from "../state/node_state.ts";

export const ABSENT = "-";

/** What is needed of a table here. */
interface Rows<T> {
  readonly status: TableStatus;
  readonly size: number;
  readonly descriptions: readonly T[];
}

/** Rows by the first of `weights` that differs, largest first, NaN last; then by id. */
export function ranked(
  count: number,
  weights: readonly (readonly number[] | Float64Array)[],
): number[] {
  const rows = Array.from({ length: count }, (_, row) => row);
  return rows.sort((a, b) => {
    for (const weight of weights) {
      const heavier = orLeast(weight[b]) - orLeast(weight[a]);
      if (heavier !== 0) return heavier;
    }
    return a - b;
  });
}

function orLeast(value: number): number {
  return Number.isNaN(value) ? -1 : value;
}

/** Objects in a table. */
export function count(table: Rows<unknown>): string {
  return isKnown(table) ? formatCount(table.size) : ABSENT;
}

/** Undefined where the table is not known. */
export function sum<T extends Descriptions[ObjectType]>(
  table: Rows<T>,
  bytesOf: (description: T) => number,
): number | undefined {
  return isKnown(table)
    ? table.descriptions.reduce((all, one) => all + bytesOf(one), 0)
    : undefined;
}

export function bytes(value: number | undefined): string {
  return value === undefined ? ABSENT : formatBytes(value);
}

export function named(name: string): string {
  return name === "" ? ABSENT : name;
}

/** A share of one CPU, 0.0125 as `1.25`. */
export function formatPercent(ratio: number): string {
  const percent = ratio * 100;
  return percent > 0 && percent < 0.01 ? "<0.01" : percent.toFixed(2);
}

/** 1234567 as `1.23 ms`: three digits that count. */
export function formatNs(ns: number): string {
  const units: readonly (readonly [number, string])[] = [
    [1e3, "ns"],
    [1e3, "µs"],
    [1e3, "ms"],
    [60, "s"],
    [60, "min"],
    [24, "h"],
    [Infinity, "d"],
  ];
  if (ns === 0) return "0";
  let value = ns;
  for (const [size, unit] of units) {
    // 999.5 would be written as 1000 of the smaller unit
    if (value < size - 0.5) {
      const digits = value >= 100 || unit === "ns" ? 0 : value >= 10 ? 1 : 2;
      return `${value.toFixed(digits)} ${unit}`;
    }
    value /= size;
  }
  return ABSENT;
}
