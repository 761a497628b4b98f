/**
 * Owns the highest value of each row over the last minute. In: a value a row and tick. Out: the maximum. The minute is kept in
 * buckets of five seconds, so a peak is remembered for 60 to 65 s, at 8 bytes a row and bucket.
 * @module
 */
import { numberColumn } from "./row_arrays.ts";

const BUCKET_MS = 5000;
/** Twelve that are full, and the one being filled. */
const BUCKETS = 13;

export class Peaks {
  readonly #buckets = Array.from(
    { length: BUCKETS },
    numberColumn,
  );
  /** Of BUCKET_MS since the monotonic clock's zero. */
  #present = 0;

  /** Puts row `from[i]` at row i. */
  move(from: Int32Array, count: number): void {
    for (const bucket of this.#buckets) bucket.move(from, count);
  }

  /** Forgets what is too old at `nowMs`; once a tick, before its values are noted. */
  advance(nowMs: number): void {
    const present = Math.floor(nowMs / BUCKET_MS);
    const steps = Math.min(present - this.#present, BUCKETS);
    for (let step = 0; step < steps; step++) {
      this.#buckets[(present - step) % BUCKETS].values.fill(NaN);
    }
    this.#present = Math.max(present, this.#present);
  }

  /** Notes a value; NaN is none. */
  note(row: number, value: number): void {
    const { values } = this.#buckets[this.#present % BUCKETS];
    // Also true where the bucket has NaN.
    if (!(values[row] >= value)) values[row] = value;
  }

  /** Writes the maximum of each row, NaN where there is none, into `into`. */
  copyInto(into: Float64Array): void {
    into.fill(NaN);
    for (const { values } of this.#buckets) {
      for (let row = 0; row < into.length; row++) {
        if (!(into[row] >= values[row]) && values[row] === values[row]) {
          into[row] = values[row];
        }
      }
    }
  }
}
