/**
 * Owns which objects of a type have series of their own when there are more than `--max-series`. In: rows that come and go,
 * their weights. Out: a flag a row. Decided at birth, while there is room; ranked again, by weight, at most once a minute.
 * @module
 */

const RANK_INTERVAL_MS = 60_000;

export class SeriesRank {
  #max: number;
  #ownCount = 0;
  #rankedAtMs = -Infinity;

  /** @param max objects that may have series of their own */
  constructor(max: number) {
    this.#max = max;
  }

  /** From the next ranking on, which the next tick brings, so many objects may have series of their own. */
  retune(max: number): void {
    this.#max = max;
    this.#rankedAtMs = -Infinity;
  }

  /** Rows whose flag is 1. */
  get ownCount(): number {
    return this.#ownCount;
  }

  /** After rows moved: those that stayed keep their place, new ones take what is free. */
  join(own: Uint8Array, from: Int32Array, count: number): void {
    this.#ownCount = 0;
    for (let row = 0; row < count; row++) this.#ownCount += own[row];
    for (let row = 0; row < count && this.#ownCount < this.#max; row++) {
      if (from[row] >= 0) continue;
      own[row] = 1;
      this.#ownCount++;
    }
  }

  /** Gives the places to the heaviest rows, when some have none and the last ranking is a minute ago. */
  renew(
    nowMs: number,
    count: number,
    own: Uint8Array,
    weightOf: (row: number) => number,
  ): void {
    if (this.#ownCount === count && count <= this.#max) return;
    if (nowMs - this.#rankedAtMs < RANK_INTERVAL_MS) return;
    this.#rankedAtMs = nowMs;
    const weights = Float64Array.from({ length: count }, (_, row) => {
      const weight = weightOf(row);
      return Number.isNaN(weight) ? -Infinity : weight;
    });
    const rows = Array.from({ length: count }, (_, row) => row);
    rows.sort((a, b) => weights[b] - weights[a] || a - b);
    own.fill(0);
    this.#ownCount = Math.min(this.#max, count);
    for (let i = 0; i < this.#ownCount; i++) own[rows[i]] = 1;
  }
}
