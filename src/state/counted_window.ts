/**
 * Owns how a window of counting becomes ratios of a table's rows. In: what counters rose by in it, object by object. Out: a ratio for each
 * row that was there all the time.
 * @module
 */
import type { Ratios } from "./ratios.ts";

/** What a counter of ns rose by in a window, in ascending id; `births` as in the blocks. */
export interface CountedWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ids: Uint32Array;
  readonly births: Uint32Array;
  /** NaN where it could not be read. */
  readonly runTimeNs: Float64Array;
}

/** Rows of the table, in ascending id; each array holds at least `count`. */
export interface WindowRows {
  readonly count: number;
  readonly ids: Uint32Array;
  readonly births: Uint32Array;
  /** Start of the sample that saw each object first. */
  readonly seenAtMs: Float64Array;
}

/** Objects that are not in the window did not run in it, but for those that came after its beginning: nothing is known of them yet. */
export function takeWindow(
  ratios: Ratios,
  rows: WindowRows,
  { fromMs, toMs, ids, births, runTimeNs }: CountedWindow,
): void {
  ratios.advance(toMs);
  let at = 0;
  for (let row = 0; row < rows.count; row++) {
    const id = rows.ids[row];
    while (at < ids.length && ids[at] < id) at++;
    const ran = at < ids.length && ids[at] === id &&
      births[at] === rows.births[row];
    if (ran) ratios.inWindow(row, runTimeNs[at], toMs - fromMs);
    else if (rows.seenAtMs[row] <= fromMs) {
      ratios.inWindow(row, 0, toMs - fromMs);
    }
  }
}
