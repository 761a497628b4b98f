/**
 * Owns how long work that is done in slices may hold the event loop. In: a clock. Out: when a slice has lasted, and a turn
 * for everything else.
 * @module
 */
// deno-lint-ignore bpfpulse/clock -- a turn of the event loop, which is no time
import { setImmediate } from "node:timers";
import type { Clock } from "../clock.ts";

/**
 * Far less than the 10 ms that nothing may hold the event loop for: a collection of up to 6 ms may fall into a slice. A
 * turn costs 2 µs.
 */
const SLICE_MS = 2;

export class Slices {
  readonly #clock: Clock;
  #startMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  /** Whether the present slice has lasted; then `turn()` is due. */
  get isDue(): boolean {
    return this.#clock.monotonicMs() - this.#startMs >= SLICE_MS;
  }

  /** Gives the event loop a turn: what is ready, input and output too, runs before this resolves. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#startMs = this.#clock.monotonicMs();
  }
}
