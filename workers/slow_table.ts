/**
 * Owns tables whose objects seldom change: they are read once a second at most, whatever the interval. In: a table. Out: the same
 * one, whose rows and last outcome stand until it is due.
 * @module
 */
import type { KernelPort } from "../ffi/mod.ts";
import type { BackedTable } from "./collector.ts";
import type { ObjectType, TableOutcome } from "./protocol.ts";

/** Less than a second by a tenth, so that a sample that is a little early at an interval of one second is not left out. */
const EVERY_MS = 900;

/** Reads `table` at its first sample, and then where its last reading is about a second old. */
export function slowTable<T extends ObjectType>(
  kernel: KernelPort,
  table: BackedTable<T>,
): BackedTable<T> {
  let dueAtMs = -Infinity;
  let last: TableOutcome | undefined;
  const { backend, isLowerBound } = table;
  return {
    rows: table.rows,
    backend,
    ...(isLowerBound === undefined ? {} : { isLowerBound }),
    get backendReason() {
      return table.backendReason;
    },
    get syscalls() {
      return table.syscalls;
    },
    sample() {
      const nowMs = kernel.monotonicMs();
      if (last === undefined || nowMs >= dueAtMs) {
        dueAtMs = nowMs + EVERY_MS;
        last = table.sample();
      }
      return last;
    },
  };
}
