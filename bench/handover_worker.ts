/**
 * Owns the worker of bench/handover.ts: fills rows at a steady rate and hands them over in one way. In: one HandoverTask.
 * Out: a message a tick, and in the `transfer` mode the rows themselves, whose buffers come back.
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { openLibc } from "../ffi/mod.ts";
import { Cadence } from "../workers/cadence.ts";
import { allocateBlock, BlockWriter } from "../workers/columns.ts";

/** `none` fills the rows and hands nothing over: what is left when it is taken off is the hand-over. */
export type Mode = "none" | "shared" | "transfer";

export interface HandoverTask {
  readonly mode: Mode;
  readonly rows: number;
  readonly intervalMs: number;
}

/** 4 + 4 bytes of ids, and seven columns: 64 bytes a row. */
export const COLUMN_COUNT = 7;

/** What main receives: the block once, then a tick each time. */
export type HandoverMessage =
  | { readonly kind: "block"; readonly buffer: SharedArrayBuffer }
  | { readonly kind: "tick"; readonly startedAtMs: number }
  | {
    readonly kind: "rows";
    readonly startedAtMs: number;
    readonly buffer: ArrayBuffer;
  };

/** The columns of a transferred buffer of `rows` rows: ids, births, then the counters. */
export function openRows(buffer: ArrayBufferLike, rows: number): {
  count: number;
  ids: Uint32Array;
  births: Uint32Array;
  columns: Float64Array[];
} {
  return {
    count: rows,
    ids: new Uint32Array(buffer, 0, rows),
    births: new Uint32Array(buffer, 4 * rows, rows),
    columns: Array.from(
      { length: COLUMN_COUNT },
      (_, c) => new Float64Array(buffer, 8 * rows * (c + 1), rows),
    ),
  };
}

function run({ mode, rows, intervalMs }: HandoverTask): void {
  const kernel = openLibc();
  const cadence = new Cadence(kernel.monotonicMs(), intervalMs);
  const own = openRows(new ArrayBuffer(64 * rows), rows);
  const writer = new BlockWriter(allocateBlock(rows, COLUMN_COUNT));
  const pool = [new ArrayBuffer(64 * rows), new ArrayBuffer(64 * rows)];
  let tick = 0;
  const post = (message: HandoverMessage, transfer: Transferable[] = []) =>
    self.postMessage(message, transfer);
  if (mode === "shared") post({ kind: "block", buffer: writer.buffer });
  self.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => pool.push(data);

  function sample(): void {
    const startedAtMs = kernel.monotonicMs();
    tick++;
    for (let i = 0; i < rows; i++) {
      own.ids[i] = i;
      own.births[i] = i;
      for (let c = 0; c < COLUMN_COUNT; c++) own.columns[c][i] = tick + i + c;
    }
    if (mode === "shared") {
      writer.write({ epoch: 1, tick, birthSeq: rows, startedAtMs }, own);
      post({ kind: "tick", startedAtMs });
    } else if (mode === "transfer") {
      const buffer = pool.pop() ?? new ArrayBuffer(64 * rows);
      new Uint8Array(buffer).set(new Uint8Array(own.ids.buffer));
      post({ kind: "rows", startedAtMs, buffer }, [buffer]);
    }
    const nowMs = kernel.monotonicMs();
    setTimeout(sample, cadence.next(nowMs) - nowMs);
  }
  sample();
}

// Main imports this module too, for its types and openRows().
if (typeof WorkerGlobalScope !== "undefined") {
  self.onmessage = ({ data }: MessageEvent<HandoverTask>) => run(data);
}
