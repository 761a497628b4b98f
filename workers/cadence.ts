/**
 * Owns when a worker samples: at multiples of its interval from its start on, whatever a sample or a timer takes. In: the
 * present time. Out: the next deadline, and how many were skipped. A missed slot is counted and never made up for.
 * @module
 */

export class Cadence {
  readonly #startMs: number;
  readonly #intervalMs: number;
  #slot = 0;
  #missed = 0;

  /** Slot 0 is at `startMs`. */
  constructor(startMs: number, intervalMs: number) {
    this.#startMs = startMs;
    this.#intervalMs = intervalMs;
  }

  /** Takes the next slot that is still to come at `nowMs` and answers its deadline. */
  next(nowMs: number): number {
    const present = Math.floor((nowMs - this.#startMs) / this.#intervalMs);
    const slot = Math.max(this.#slot + 1, present + 1);
    this.#missed += slot - this.#slot - 1;
    this.#slot = slot;
    return this.#startMs + slot * this.#intervalMs;
  }

  /** Slots skipped since the last call. */
  takeMissed(): number {
    const missed = this.#missed;
    this.#missed = 0;
    return missed;
  }
}
