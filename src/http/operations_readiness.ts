/**
 * Owns the answer to "are bpf() operations counted, how, and what does that cost?". In: what was found at start, what was counted. Out:
 * plain values for /readyz. Rates are here, for counts that were made in windows are no totals.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type { NodeSnapshot } from "../state/node_state.ts";
import type { OperationsState } from "../state/operations.ts";

/** Maps that are named. */
const MOST_BUSY = 5;

export interface BusyMap {
  readonly id: number;
  /** A hostile string. */
  readonly name: string;
  readonly type: string;
  readonly perSecond: number;
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
  /** While attached, over the last reading that counted. */
  readonly perSecond: number | undefined;
  readonly lost: number | undefined;
  /** What it costs while attached; undefined where nothing is. */
  readonly cost: string | undefined;
  readonly busiestMaps: readonly BusyMap[];
}

const COSTS = {
  fentry:
    "every bpf() call of the node takes longer, other system calls do not; see bench/README.md",
  tracepoint:
    "every system call of the node takes some 100 ns longer, twice that with run-time statistics; see bench/README.md",
} as const;

export function operationsReadiness(
  { operations: facts }: Pick<NodeFacts, "operations">,
  { operations }: Pick<NodeSnapshot, "operations">,
): OperationsReadiness {
  const hook = facts?.hook;
  const mode = facts?.mode ?? "off";
  return {
    mode: typeof mode === "string" ? mode : "window",
    hook,
    reason: operations?.reason ?? facts?.reason,
    isWindowed: typeof mode !== "string",
    isAttached: operations?.isAttached ?? false,
    attachedRatio: operations && ratioOf(operations),
    perSecond: operations && rounded(operations.perSecond),
    lost: operations?.lost,
    cost: hook && COSTS[hook],
    busiestMaps: operations === undefined ? [] : busiest(operations),
  };
}

function ratioOf({ attachedMs, elapsedMs }: OperationsState): number {
  return elapsedMs > 0 ? Math.round(1_000 * attachedMs / elapsedMs) / 1_000 : 0;
}

function busiest({ maps }: OperationsState): BusyMap[] {
  return maps.filter(({ perSecond, isGone }) => perSecond > 0 && !isGone)
    .sort((a, b) => b.perSecond - a.perSecond)
    .slice(0, MOST_BUSY)
    .map(({ map: { id, name, type }, perSecond }) => ({
      id,
      name,
      type,
      perSecond: rounded(perSecond) ?? 0,
    }));
}

function rounded(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : Math.round(value * 10) / 10;
}

/** What counting costs by a hook. */
export function costOf(hook: keyof typeof COSTS): string {
  return COSTS[hook];
}
