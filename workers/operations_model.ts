/**
 * Owns what is known of bpf() operations: which process did what to which map, how its loads went, and for how long anybody looked.
 * The programs worker reads it in passes of their own; it crosses as a message. Plain values.
 * @module
 */
import type { Hook } from "../ffi/mod.ts";
import type { Window } from "./windows.ts";

/** When operations are counted, as asked for: in windows of `onMs`, one every `everyMs`, or always. */
export type OperationsMode = "on" | Window;

/** A process that called bpf(); it may be gone. */
export interface OperatingProcess {
  /** In the initial pid namespace. */
  readonly pid: number;
  /** CLOCK_BOOTTIME at its start, in ms, as in HoldingProcess. */
  readonly startedAtMs: number;
  /** At most 15 bytes. A hostile string. */
  readonly comm: string;
  /** Inode of its cgroup in the default hierarchy, a decimal number of 64 bits; `0` where this kernel does not tell. */
  readonly cgroupId: string;
}

/** Columns of OperationsPass.rows. */
export const OPERATION_COLUMNS = [
  "mapId",
  "process",
  "operation",
  "errno",
  "count",
] as const;

/** Names of operations: a row has the index here. A batch is one operation. */
export const OPERATIONS = [
  "lookup",
  "update",
  "delete",
  "get_next",
  "lookup_and_delete",
  "lookup_batch",
  "lookup_and_delete_batch",
  "update_batch",
  "delete_batch",
] as const;

/** Upper bounds of the buckets of load durations, in ms; one without a bound follows. A duration is below its bucket's. */
export const LOAD_BOUNDS_MS = [
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
] as const;

/** Columns of OperationsPass.loads before the buckets, of which there are LOAD_BUCKETS. */
export const LOAD_COLUMNS = ["process", "errno", "untimed", "sumMs"] as const;
export const LOAD_BUCKETS = LOAD_BOUNDS_MS.length + 1;
export const LOAD_STRIDE = LOAD_COLUMNS.length + LOAD_BUCKETS;

/** Columns of OperationsPass.attachFailures. */
export const ATTACH_COLUMNS = ["process", "errno", "count"] as const;

/**
 * What was counted since the last pass, but for what is still being counted: an operation is in one of the next two passes. All counts
 * are increments. What was counted in windows says how often something happens, and is no total.
 */
export interface OperationsPass {
  /** CLOCK_MONOTONIC. */
  readonly takenAtMs: number;
  readonly hook: Hook;
  /** Counted in windows. */
  readonly isWindowed: boolean;
  /** Something is attached now. */
  readonly isAttached: boolean;
  /** Since the last pass of this epoch. */
  readonly elapsedMs: number;
  /** Part of it in which operations were counted. */
  readonly attachedMs: number;
  /** For how long what is told here was counted: between the two readings before this one. Rates go by it. */
  readonly countedMs: number;
  readonly processes: readonly OperatingProcess[];
  /**
   * In fives, as OPERATION_COLUMNS: `process` is an index in `processes`, `operation` one in OPERATIONS, `errno` 0 for success.
   * `mapId` is 0 where the descriptor was of no map, or was closed before the call ended.
   */
  readonly rows: Float64Array;
  /** In rows of LOAD_STRIDE: LOAD_COLUMNS, then the buckets. `untimed` loads were under way when counting began: they are in no bucket. */
  readonly loads: Float64Array;
  /** In threes, as ATTACH_COLUMNS: failed attempts to attach a program, by BPF_PROG_ATTACH, BPF_RAW_TRACEPOINT_OPEN, BPF_LINK_CREATE. */
  readonly attachFailures: Float64Array;
  /** Operations that found no room in the kernel's table, in no row. */
  readonly lost: number;
  /**
   * Runs of the counting program that the kernel skipped, for it gave the CPU to another thread in the middle of one: with `fentry`
   * each is a call of bpf() that was not counted, with `lsm` perhaps a load or an attempt to attach, with `tracepoint` perhaps one of
   * bpf(). Absent where the kernel does not tell.
   */
  readonly skipped?: number;
}

/** What acquire() found of it; `reason`: one sentence why it is off though it was asked for. */
export interface OperationsFacts {
  readonly mode: "off" | OperationsMode;
  /** Nobody tried: in a dry run nothing is attached. */
  readonly isUntried?: true;
  /** By which it is counted. */
  readonly hook?: Hook;
  /** Why not by a cheaper one, or why not at all. */
  readonly reason?: string;
  readonly cost?: OperationsCost;
}

/** How much longer a call takes while operations are counted, in ns, as calls of the agent's own showed at start. */
export interface OperationsCost {
  /** Of bpf(). */
  readonly bpfNs: number;
  /** Of any other system call. */
  readonly otherNs: number;
}
