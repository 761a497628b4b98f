/**
 * Owns the answer to "are bpf() operations counted, how, and what does that cost?". In: what was found at start, what was counted. Out:
 * plain values for /readyz. Rates are here, for counts that were made in windows are no totals.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type { MapUser } from "../state/map_users.ts";
import type { NodeSnapshot } from "../state/node_state.ts";
import type { OperationsFacts } from "../../workers/operations_model.ts";
import { busiestMaps } from "../state/busiest_maps.ts";
import {
  operationsQuality,
  type OperationsState,
} from "../state/operations.ts";

/** Maps that are named. */
const MOST_BUSY = 5;

export interface BusyMap {
  readonly id: number;
  /** A hostile string. */
  readonly name: string;
  readonly type: string;
  readonly perSecond: number;
  /** Operations since the start; of windows alone where they are counted so. */
  readonly counted: number;
  /** A sample has not shown it any more. */
  readonly isGone: boolean;
  /** The command that did most of the last ones. */
  readonly by: MapUser | undefined;
}

export interface OperationsReadiness {
  /** `off`, `on` or `window`. */
  readonly mode: "off" | "on" | "window";
  readonly hook: string | undefined;
  /** Why not by a cheaper hook, why not at all, or why not any more. */
  readonly reason: string | undefined;
  /** What was counted is no total, and no metric. */
  readonly isWindowed: boolean;
  readonly isAttached: boolean;
  /** Of the time since the start; undefined before the first pass. */
  readonly attachedRatio: number | undefined;
  /** While attached, over the last reading or the last window. */
  readonly perSecond: number | undefined;
  readonly lost: number | undefined;
  /** Runs of the counting program that the kernel skipped: each may be an operation in no count. */
  readonly skipped: number | undefined;
  /** Of counts, as they stand now. */
  readonly quality: ReturnType<typeof operationsQuality> | undefined;
  /** What it costs while attached; undefined where nothing can be. */
  readonly cost: string | undefined;
  readonly busiestMaps: readonly BusyMap[];
}

export function operationsReadiness(
  { operations: facts }: Pick<NodeFacts, "operations">,
  { operations }: Pick<NodeSnapshot, "operations">,
  nowMs: number,
): OperationsReadiness {
  const hook = facts?.hook;
  const mode = facts?.mode ?? "off";
  return {
    mode: typeof mode === "string" ? mode : "window",
    hook,
    reason: operations?.reason ?? facts?.reason,
    isWindowed: typeof mode !== "string",
    // Without windows it is attached before anything is sampled.
    isAttached: operations?.isAttached ??
      (mode === "on" && hook !== undefined),
    attachedRatio: operations && ratioOf(operations, nowMs),
    perSecond: operations && rounded(operations.perSecond),
    lost: operations?.lost,
    skipped: operations?.skipped,
    quality: operations && operationsQuality(operations),
    cost: facts && costText(facts),
    busiestMaps: operations === undefined ? [] : named(operations),
  };
}

/** Nothing is told while nothing happens: then it is as the last pass told. */
function ratioOf(
  { attachedMs, elapsedMs, isAttached, takenAtMs }: OperationsState,
  nowMs: number,
): number {
  const sinceMs = Math.max(0, nowMs - takenAtMs);
  const allMs = elapsedMs + sinceMs;
  const onMs = attachedMs + (isAttached ? sinceMs : 0);
  return allMs > 0 ? Math.round(1_000 * onMs / allMs) / 1_000 : 0;
}

function named(operations: OperationsState): BusyMap[] {
  return busiestMaps(operations, MOST_BUSY).map(
    ({ map: { id, name, type }, perSecond, counted, isGone, by }) => ({
      id,
      name,
      type,
      perSecond: rounded(perSecond) ?? 0,
      counted,
      isGone,
      by,
    }),
  );
}

function rounded(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : Math.round(value * 10) / 10;
}

/** What counting costs everybody while it is attached, as measured at start; undefined where nothing can be attached. */
export function costText(
  { hook, cost }: OperationsFacts,
): string | undefined {
  if (hook === undefined) return undefined;
  const others = hook !== "tracepoint"
    ? "other system calls cost what they did"
    : `every other system call${took(cost?.otherNs)}`;
  return `every bpf() call of the node${took(cost?.bpfNs)}, ${others}; ${
    cost === undefined
      ? "bench/operations.ts measures it"
      : "measured at start, run-time statistics of programs included where they were on"
  }`;
}

function took(ns: number | undefined): string {
  return ns === undefined ? " takes longer" : ` takes ${ns} ns longer`;
}
