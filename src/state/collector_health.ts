/**
 * Owns the shape of what the supervisor knows of each collector. In: nothing (the supervisor makes it). Out: plain
 * values for /readyz, /healthz and the agent's own metrics.
 * @module
 */
import type {
  BackendName,
  CollectorName,
  TableBackend,
} from "../../workers/protocol.ts";

export type CollectorStatus =
  /** its worker is not ready yet, or has not sampled yet */
  | "starting"
  /** its last sample was good */
  | "sampling"
  /** its last sample failed, or is overdue; the last good one is served */
  | "failing"
  /** it cannot sample here, for lack of privilege or kernel support */
  | "unavailable"
  /** its worker ended and is started again after a pause; the last good sample is served */
  | "restarting";

export interface CollectorHealth {
  readonly name: CollectorName;
  readonly status: CollectorStatus;
  readonly intervalMs: number;
  /** Absent until the worker's first ready. */
  readonly backend?: BackendName;
  readonly backendReason?: string;
  /** The same, table by table. */
  readonly tables?: readonly TableBackend[];
  /** CLOCK_MONOTONIC at the start of the last good sample; absent before the first. */
  readonly sampledAtMs?: number;
  /** One sentence; stays after the collector has recovered. */
  readonly lastError?: string;
  /** Deadlines missed one after another up to now; 0 after a good sample. */
  readonly overdueInARow: number;
  /** All counted since the agent's start, over all lives of the worker. */
  readonly samples: number;
  readonly missedTicks: number;
  readonly syscalls: number;
  readonly restarts: number;
  /** Samples that failed, by errno name, and lives that ended, by `worker`. */
  readonly errors: Readonly<Record<string, number>>;
  /** Objects that could not be read, by errno name; each counts once a sample. */
  readonly skipped: Readonly<Record<string, number>>;
}
