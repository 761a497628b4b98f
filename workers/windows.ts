/**
 * Owns what a window of counting is, and when windows are. In: a window, a start. Out: the window that is, or comes next.
 * @module
 */

/** Counting for `onMs`, once every `everyMs`. */
export interface Window {
  readonly onMs: number;
  readonly everyMs: number;
}

/**
 * Windows begin anywhere in their periods, evenly in the long run: what happens in step with the periods would else be in each window, or
 * in none. Multiples of the golden ratio are spread most evenly, and one window begins so much of a period after the other at the least.
 */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** One window after the other, the first at the start. Times are those of whoever asks, in ms. */
export class WindowSchedule {
  readonly #window: Window;
  readonly #startMs: number;
  #period = 0;

  constructor(window: Window, startMs: number) {
    this.#window = window;
    this.#startMs = startMs;
  }

  /** Of this window. */
  get beginsAtMs(): number {
    const { onMs, everyMs } = this.#window;
    // A longer one would meet the next: it lies within its period.
    const roomMs = 2 * onMs <= everyMs ? everyMs : everyMs - onMs;
    const place = (this.#period * GOLDEN_RATIO) % 1;
    return this.#startMs + this.#period * everyMs + place * roomMs;
  }

  get endsAtMs(): number {
    return this.beginsAtMs + this.#window.onMs;
  }

  /** Goes on to the next window whose beginning is still to come. */
  next(nowMs: number): void {
    const present = (nowMs - this.#startMs) / this.#window.everyMs;
    this.#period = Math.max(this.#period + 1, Math.floor(present));
    while (this.beginsAtMs < nowMs) this.#period++;
  }
}
