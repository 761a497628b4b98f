/**
 * Owns what one process did, as far as managers count it. In: a pass of the worker. Out: counts by process, which can be put together
 * and added to an account.
 * @module
 */
import type {
  LOAD_BOUNDS_MS,
  OperatingProcess,
  OperationsPass,
} from "../../workers/operations_model.ts";
import type { ManagerAccount } from "./manager_accounts.ts";
import { OPERATION_NAMES, operationRows } from "./operations.ts";

/** Upper bounds of load durations in ms, those of the worker, whose types alone come here; one without a bound follows. */
export const LOAD_BOUNDS: typeof LOAD_BOUNDS_MS = [
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
];

/** process, errno, untimed, sumMs; then the buckets. */
const LOAD_HEAD = 4;
const BUCKETS = LOAD_BOUNDS.length + 1;
const LOAD_STRIDE = LOAD_HEAD + BUCKETS;
const ATTACH_STRIDE = 3;

export interface ProcessCounts {
  readonly process: OperatingProcess;
  lookups: number;
  updates: number;
  readonly buckets: number[];
  sumMs: number;
  readonly loadErrors: Map<number, number>;
  readonly attachErrors: Map<number, number>;
}

/** By process, in the pass's order. */
export function processCounts(pass: OperationsPass): ProcessCounts[] {
  const all = pass.processes.map((process): ProcessCounts => ({
    process,
    lookups: 0,
    updates: 0,
    buckets: new Array<number>(BUCKETS).fill(0),
    sumMs: 0,
    loadErrors: new Map(),
    attachErrors: new Map(),
  }));
  for (const { process, operation, count } of operationRows(pass)) {
    const name = OPERATION_NAMES[operation] ?? "";
    const counts = all[process];
    if (counts === undefined) continue;
    if (name.startsWith("lookup")) counts.lookups += count;
    if (name.startsWith("update")) counts.updates += count;
  }
  const { loads, attachFailures } = pass;
  for (let at = 0; at + LOAD_STRIDE <= loads.length; at += LOAD_STRIDE) {
    const [process, errno, untimed, sumMs] = loads.subarray(at);
    const counts = all[process];
    if (counts === undefined) continue;
    let count = untimed;
    for (let i = 0; i < BUCKETS; i++) {
      const inBucket = loads[at + LOAD_HEAD + i];
      counts.buckets[i] += inBucket;
      count += inBucket;
    }
    counts.sumMs += sumMs;
    if (errno !== 0) raise(counts.loadErrors, errno, count);
  }
  for (
    let at = 0;
    at + ATTACH_STRIDE <= attachFailures.length;
    at += ATTACH_STRIDE
  ) {
    const [process, errno, count] = attachFailures.subarray(at);
    const counts = all[process];
    if (counts !== undefined) raise(counts.attachErrors, errno, count);
  }
  return all;
}

/** Adds what was counted to an account, or to other counts. */
export function addCounts(
  to: ManagerAccount | ProcessCounts,
  from: ProcessCounts,
): void {
  to.lookups += from.lookups;
  to.updates += from.updates;
  for (const [errno, count] of from.loadErrors) {
    raise(to.loadErrors, errno, count);
  }
  for (const [errno, count] of from.attachErrors) {
    raise(to.attachErrors, errno, count);
  }
  if (!("loads" in to)) {
    from.buckets.forEach((count, i) => to.buckets[i] += count);
    to.sumMs += from.sumMs;
    return;
  }
  if (from.buckets.every((count) => count === 0)) return;
  to.loads ??= { buckets: new Array<number>(BUCKETS).fill(0), sumMs: 0 };
  const { loads } = to;
  from.buckets.forEach((count, i) => loads.buckets[i] += count);
  loads.sumMs += from.sumMs;
}

function raise(counts: Map<number, number>, key: number, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
