/**
 * Owns the names of what `check` finds on a machine, which are also what a metric of the catalog says it needs. In: nothing. Out:
 * CHECK_NAMES; what is found under each is in src/commands/check_rows.ts.
 * @module
 */

/** In the order of the report. */
export const CHECK_NAMES = [
  "kernel",
  "kernel-btf",
  "privileges",
  "maps",
  "programs",
  "links",
  "btf",
  "load-events",
  "holders",
  "map-entries",
  "map-cpu-entries",
  "ring-buffers",
  "ring-losses",
  "perf-buffers",
  "perf-losses",
  "run-stats",
  "stats-cost",
  "missed-runs",
  "verified-instructions",
  "operations",
  "jit-limit",
  "memlock",
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];
