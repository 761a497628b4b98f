/**
 * Owns the shape of what a worker does beside its samples, on a cadence of its own. In: nothing. Out: types.
 * @module
 */
import type {
  CpuEntries,
  Holders,
  HoldersFailed,
  Operations,
  OperationsFailed,
  RunStats,
  RunStatsFailed,
} from "./aside_messages.ts";

/** What it says, without the worker's epoch. */
export interface AsideMessage {
  readonly message:
    | Omit<CpuEntries, "epoch">
    | Omit<Holders, "epoch">
    | Omit<HoldersFailed, "epoch">
    | Omit<Operations, "epoch">
    | Omit<OperationsFailed, "epoch">
    | Omit<RunStats, "epoch">
    | Omit<RunStatsFailed, "epoch">;
  /** What goes to the main thread with it. */
  readonly transfer?: readonly ArrayBuffer[];
}

/** Never throws. */
export interface Aside {
  /** CLOCK_MONOTONIC at which run() should be called; changes with the calls below alone. */
  readonly dueAtMs: number;
  /** Something changed that it looks at. */
  renew(): void;
  /** It is due at another interval, counted from its last run. */
  retune(intervalMs: number): void;
  /** The worker samples at another interval. */
  resample?(intervalMs: number): void;
  /** The worker's tables were sampled. */
  sampled?(): void;
  run(): AsideMessage | undefined;
}
