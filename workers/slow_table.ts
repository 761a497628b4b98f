/**
 * Owns tables whose objects seldom change: they are read once a second at most, whatever the interval, and more seldom while nothing
 * changes that they follow. In: a table. Out: the same one, whose rows and last outcome stand until it is due.
 * @module
 */
import type { KernelPort } from "../ffi/mod.ts";
import type { BackedTable } from "./collector.ts";
import type { ObjectType, TableOutcome } from "./protocol.ts";

/** Less than a second by a tenth, so that a sample that is a little early at an interval of one second is not left out. */
const EVERY_MS = 900;

/** What comes or goes without anybody's word is missed for so long. */
const AT_REST_EVERY_MS = 5_000;

/**
 * Reads `table` at its first sample, and then where its last reading is about a second old.
 * @param changes another number whenever something that the table follows changed; while it is the same, and nobody calls
 * renew(), a reading stands for AT_REST_EVERY_MS
 */
export function slowTable<T extends ObjectType>(
  kernel: KernelPort,
  table: BackedTable<T>,
  changes?: () => number,
): BackedTable<T> {
  let readAtMs = -Infinity;
  let isRenewed = true;
  let changesSeen: number | undefined;
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
      const change = changes?.();
      const mayRest = changes !== undefined && !isRenewed &&
        change === changesSeen && last?.failure === undefined;
      const restMs = mayRest ? AT_REST_EVERY_MS : EVERY_MS;
      if (last === undefined || nowMs >= readAtMs + restMs) {
        readAtMs = nowMs;
        isRenewed = false;
        changesSeen = change;
        last = table.sample();
      }
      return last;
    },
    renew() {
      isRenewed = true;
    },
  };
}
