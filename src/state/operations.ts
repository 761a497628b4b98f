/**
 * Owns what is known of bpf() operations on maps on the main thread, from pass to pass and from one life of the worker to the next. In:
 * passes, each of which tells increments. Out: how they are counted, and accounts by map that never fall.
 * @module
 */
import type {
  OPERATIONS,
  OperationsPass,
} from "../../workers/operations_model.ts";
import {
  type MapAccount,
  MapOperations,
  type MapRows,
} from "./map_operations.ts";

/** Those of the worker, whose types alone come here. */
export const OPERATION_NAMES: typeof OPERATIONS = [
  "lookup",
  "update",
  "delete",
  "get_next",
  "lookup_and_delete",
  "lookup_batch",
  "lookup_and_delete_batch",
  "update_batch",
  "delete_batch",
];

const ROW = 5;
const EBADF = 9;

export interface OperationsState {
  /** CLOCK_MONOTONIC of the last pass. */
  readonly takenAtMs: number;
  readonly hook: OperationsPass["hook"];
  /** What was counted is no total: it says how often something happens. */
  readonly isWindowed: boolean;
  readonly isAttached: boolean;
  /** One sentence where they cannot be read any more. */
  readonly reason?: string;
  /** For how long operations were counted since the start, of how long. */
  readonly attachedMs: number;
  readonly elapsedMs: number;
  /** A second of counting, in the last period: between two readings, or the last window; NaN before the first. */
  readonly perSecond: number;
  /** Operations that found no room in the kernel's table. */
  readonly lost: number;
  /** Runs of the counting program that the kernel skipped, each of which may be one more; undefined where it does not tell. */
  readonly skipped: number | undefined;
  readonly maps: readonly MapAccount[];
  /** By operation, of maps that no sample has shown, and what `--max-series` left out. */
  readonly unseen: readonly number[];
  readonly other: readonly number[];
}

/** How far counts can be trusted: those of windows say how often something happens, and those that miss something are a lower bound. */
export function operationsQuality(
  { hook, isWindowed, lost, skipped = 0 }: Pick<
    OperationsState,
    "hook" | "isWindowed" | "lost" | "skipped"
  >,
): "exact" | "estimated" | "lower bound" {
  if (isWindowed) return "estimated";
  // With lsm nothing that is skipped is an operation on a map.
  const missed = lost > 0 || (skipped > 0 && hook !== "lsm");
  return missed ? "lower bound" : "exact";
}

export interface MapOperationRow {
  readonly mapId: number;
  readonly process: number;
  readonly operation: number;
  readonly count: number;
}

export class Operations {
  readonly #maps: MapOperations;
  #last: OperationsPass | undefined;
  #reason: string | undefined;
  #attachedMs = 0;
  #elapsedMs = 0;
  #perSecond = NaN;
  #lost = 0;
  #skipped: number | undefined;
  /** Of the period: what was counted, in how long. */
  #recent = 0;
  #periodMs = 0;

  constructor(maxSeries: number) {
    this.#maps = new MapOperations(OPERATION_NAMES.length, maxSeries);
  }

  setMaxSeries(max: number): void {
    this.#maps.setMaxSeries(max);
  }

  take(pass: OperationsPass, rows: MapRows): void {
    const { takenAtMs, countedMs, isWindowed, isAttached } = pass;
    const isNewWindow = isAttached && this.#last?.isAttached !== true;
    if (isWindowed ? isNewWindow : countedMs > 0) {
      this.#maps.beginPeriod();
      this.#recent = this.#periodMs = 0;
    }
    this.#last = pass;
    this.#reason = undefined;
    for (const { process, ...row } of operationRows(pass)) {
      this.#maps.add(
        { ...row, process: pass.processes[process] },
        takenAtMs,
      );
      this.#recent += row.count;
    }
    this.#periodMs += countedMs;
    this.#maps.join(rows, takenAtMs, this.#periodMs);
    if (this.#periodMs > 0) {
      this.#perSecond = this.#recent * 1_000 / this.#periodMs;
    }
    this.#attachedMs += pass.attachedMs;
    this.#elapsedMs += pass.elapsedMs;
    this.#lost += pass.lost;
    if (pass.skipped !== undefined) {
      this.#skipped = (this.#skipped ?? 0) + pass.skipped;
    }
  }

  /** Looks up maps in the table as it is now: no pass comes while nothing happens. */
  join(rows: MapRows): void {
    if (this.#last === undefined) return;
    const nowMs = Math.max(this.#last.takenAtMs, rows.sampledAtMs ?? 0);
    this.#maps.join(rows, nowMs, 0);
  }

  /** They could not be read: what was counted stands. @param reason one sentence */
  failed(reason: string): void {
    this.#reason = reason;
  }

  /** Undefined before the first pass. */
  get state(): OperationsState | undefined {
    if (this.#last === undefined) return undefined;
    const { takenAtMs, hook, isWindowed, isAttached } = this.#last;
    return {
      takenAtMs,
      hook,
      isWindowed,
      isAttached,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      attachedMs: this.#attachedMs,
      elapsedMs: this.#elapsedMs,
      perSecond: this.#perSecond,
      lost: this.#lost,
      skipped: this.#skipped,
      maps: this.#maps.accounts(),
      unseen: this.#maps.unseen,
      other: this.#maps.other,
    };
  }
}

/** Operations on maps; what was tried on a descriptor that was none is left out. */
export function* operationRows(
  { rows }: Pick<OperationsPass, "rows">,
): Generator<MapOperationRow> {
  for (let at = 0; at + ROW <= rows.length; at += ROW) {
    const [mapId, process, operation, errno, count] = rows.subarray(at);
    if (mapId === 0 && errno === EBADF) continue;
    yield { mapId, process, operation, count };
  }
}
