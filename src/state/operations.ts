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
  /** A second of counting, over the last pass that counted; NaN before the first. */
  readonly perSecond: number;
  /** Operations that found no room in the kernel's table. */
  readonly lost: number;
  readonly maps: readonly MapAccount[];
  /** By operation, of maps that no sample has shown, and what `--max-series` left out. */
  readonly unseen: readonly number[];
  readonly other: readonly number[];
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

  constructor(maxSeries: number) {
    this.#maps = new MapOperations(OPERATION_NAMES.length, maxSeries);
  }

  setMaxSeries(max: number): void {
    this.#maps.setMaxSeries(max);
  }

  take(pass: OperationsPass, rows: MapRows): void {
    this.#last = pass;
    this.#reason = undefined;
    const { takenAtMs, attachedMs } = pass;
    let all = 0;
    for (const { mapId, operation, count } of operationRows(pass)) {
      this.#maps.add(mapId, operation, count, takenAtMs);
      all += count;
    }
    this.#maps.join(rows, takenAtMs, attachedMs);
    this.#attachedMs += attachedMs;
    this.#elapsedMs += pass.elapsedMs;
    this.#lost += pass.lost;
    if (attachedMs > 0) this.#perSecond = all * 1_000 / attachedMs;
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
