/**
 * Owns the names of what `check` looks at. In: nothing. Out: CHECK_NAMES.
 * @module
 */

/** In the order of the report; `--require` takes them. */
export const CHECK_NAMES = [
  "kernel",
  "kernel-btf",
  "privileges",
  "maps",
  "programs",
  "links",
  "btf",
  "holders",
  "ring-buffers",
  "perf-buffers",
  "run-stats",
  "operations",
  "jit-limit",
  "memlock",
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];
