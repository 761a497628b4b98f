/**
 * Owns the messages of what workers do beside their samples: looks for holders, at buffers, at operations. In: passes. Out: types.
 * @module
 */
import type { HoldersPass } from "./links/holders_model.ts";
import type { BuffersPass } from "./maps/buffers_model.ts";
import type { CpuEntriesPass } from "./maps/cpu_entries_model.ts";
import type { OperationsPass } from "./operations_model.ts";
import type { RunStatsPass } from "./run_stats_model.ts";

/** Who keeps objects alive, looked for by the links worker beside its samples. */
export interface Holders {
  readonly kind: "holders";
  readonly epoch: number;
  readonly pass: HoldersPass;
}

/** That could not be found out: the last pass stands, if there was any. Told again only for another reason. */
export interface HoldersFailed {
  readonly kind: "holders_failed";
  readonly epoch: number;
  /** One sentence, or its last part. */
  readonly reason: string;
}

/** What is known of ring and perf buffers changed; at most one between two samples. */
export interface Buffers {
  readonly kind: "buffers";
  readonly epoch: number;
  readonly pass: BuffersPass;
}

/** What each CPU counted of the entries of each map changed, looked at by the maps worker beside its samples. */
export interface CpuEntries {
  readonly kind: "cpu_entries";
  readonly epoch: number;
  readonly pass: CpuEntriesPass;
}

/** bpf() operations, counted by the kernel and read by the programs worker beside its samples. */
export interface Operations {
  readonly kind: "operations";
  readonly epoch: number;
  readonly pass: OperationsPass;
}

/** They could not be read, or not be counted: told again only for another reason, or after a pass. */
export interface OperationsFailed {
  readonly kind: "operations_failed";
  readonly epoch: number;
  /** One sentence, or its last part. */
  readonly reason: string;
}

/** A window in which runs of programs were counted, read by the programs worker beside its samples. */
export interface RunStats {
  readonly kind: "run_stats";
  readonly epoch: number;
  readonly pass: RunStatsPass;
}

/** No window could be opened: told again only for another reason, or after a pass. */
export interface RunStatsFailed {
  readonly kind: "run_stats_failed";
  readonly epoch: number;
  /** One sentence, or its last part. */
  readonly reason: string;
}

/** What is done aside, and at most once beside a sample. */
export type AsideFromWorker =
  | Holders
  | HoldersFailed
  | Buffers
  | CpuEntries
  | Operations
  | OperationsFailed
  | RunStats
  | RunStatsFailed;
