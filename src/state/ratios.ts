/**
 * Owns the share of one CPU that each row took, derived from a counter of ns. In: the counter's values as they are read, or what it
 * rose by in a window. Out: the ratio over the last two readings, or the last window, and the highest one of the last minute; NaN where there is none.
 * @module
 */
import { Peaks } from "./peaks.ts";
import { numberColumn } from "./row_arrays.ts";

const NS_PER_MS = 1e6;

export class Ratios {
  readonly #values = numberColumn();
  /** When the row's counter was last read, which is not at every tick for an object that cannot be opened. */
  readonly #readAtMs = numberColumn();
  readonly #peaks = new Peaks();
  readonly #isWindowed: boolean;

  /** @param isWindowed the counter counts in windows alone: what is between two readings says nothing, what was in a window is told */
  constructor(isWindowed = false) {
    this.#isWindowed = isWindowed;
  }

  /** Puts row `from[i]` at row i. */
  move(from: Int32Array, count: number): void {
    this.#values.move(from, count);
    this.#readAtMs.move(from, count);
    this.#peaks.move(from, count);
  }

  /** Once a tick, before its rows. */
  advance(nowMs: number): void {
    this.#peaks.advance(nowMs);
  }

  /** The counter went from `lastNs` (NaN: never read) to `ns` at `nowMs`. */
  read(row: number, lastNs: number, ns: number, nowMs: number): void {
    if (this.#isWindowed) return;
    const elapsedMs = nowMs - this.#readAtMs.values[row];
    // The same tick read twice says nothing new.
    if (elapsedMs === 0) return;
    const ratio = (ns - lastNs) / (elapsedMs * NS_PER_MS);
    this.#values.values[row] = ratio;
    this.#readAtMs.values[row] = nowMs;
    if (ratio === ratio) this.#peaks.note(row, ratio);
  }

  /** The counter rose by `ns` in a window of this length; NaN: it could not be read. */
  inWindow(row: number, ns: number, windowMs: number): void {
    const ratio = ns / (windowMs * NS_PER_MS);
    this.#values.values[row] = ratio;
    if (ratio === ratio) this.#peaks.note(row, ratio);
  }

  /** The counter was not read at this tick. */
  skip(row: number): void {
    this.#values.values[row] = NaN;
  }

  /** Of the first `count` rows, those whose counter was read at `lastMs` were read again at `nowMs`, and had not risen. */
  repeat(count: number, lastMs: number, nowMs: number): void {
    this.advance(nowMs);
    const readAtMs = this.#readAtMs.values;
    for (let row = 0; row < count; row++) {
      if (readAtMs[row] === lastMs) this.read(row, 0, 0, nowMs);
    }
  }

  /** A copy of the ratios, and of the peaks, of the first `count` rows. */
  copy(count: number): { ratios: Float64Array; peaks: Float64Array } {
    const peaks = new Float64Array(count);
    this.#peaks.copyInto(peaks);
    return { ratios: this.#values.values.slice(0, count), peaks };
  }
}
