/**
 * Owns arrays whose index is a table's row, and how they follow when rows come and go. In: for each new row the old one it
 * was, or -1. Out: the same values in their new places. Two sets of arrays are used in turn, so that a change allocates only when
 * a table outgrows them.
 * @module
 */

/** One numeric value a row; `initial` is what a new row starts with. */
export class RowColumn<
  A extends Float64Array | Uint32Array | Uint8Array,
> {
  readonly #make: (length: number) => A;
  readonly #initial: number;
  #values: A;
  #spare: A;

  constructor(make: (length: number) => A, initial: number) {
    this.#make = make;
    this.#initial = initial;
    this.#values = make(0);
    this.#spare = make(0);
  }

  /** The values; longer than the table, and replaced by move(). */
  get values(): A {
    return this.#values;
  }

  /** Puts row `from[i]` at row i, for `count` rows. */
  move(from: Int32Array, count: number): void {
    if (this.#spare.length < count) {
      this.#spare = this.#make(Math.ceil(count * 1.5));
    }
    const old = this.#values;
    const moved = this.#spare;
    for (let row = 0; row < count; row++) {
      moved[row] = from[row] < 0 ? this.#initial : old[from[row]];
    }
    this.#values = moved;
    this.#spare = old;
  }
}

/** A Float64 column whose new rows are absent. */
export function numberColumn(): RowColumn<Float64Array> {
  return new RowColumn((length) => new Float64Array(length), NaN);
}

/** A Uint32 column whose new rows are 0. */
export function wordColumn(): RowColumn<Uint32Array> {
  return new RowColumn((length) => new Uint32Array(length), 0);
}

/** A Uint8 column whose new rows are 0. */
export function flagColumn(): RowColumn<Uint8Array> {
  return new RowColumn((length) => new Uint8Array(length), 0);
}
