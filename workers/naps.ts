/**
 * Owns how a worker's thread waits for its next sample: mostly asleep on its pulse, which costs a third of a turn of the
 * event loop, and at least once in a while by a timer, so that the loop sees messages and the engine does its own work.
 * In: one callback at a time. Out: its call, in time.
 * @module
 */

/** After so long the thread goes through its event loop, whoever wakes it or not. */
const LOOP_EVERY_MS = 2_000;

/** What naps need of the thread. */
export interface NapPort {
  monotonicMs(): number;
  /** Blocks; false when it was woken before the time was over. */
  sleep(delayMs: number): boolean;
  /** Calls from the event loop, after `delayMs`; the answer cancels. */
  timer(delayMs: number, callback: () => void): () => void;
}

export class Naps {
  readonly #port: NapPort;
  #callback: (() => void) | undefined;
  #dueAtMs = 0;
  #loopedAtMs: number;
  #cancelTimer: (() => void) | undefined;

  constructor(port: NapPort) {
    this.#port = port;
    this.#loopedAtMs = port.monotonicMs();
  }

  /** Has nap() call once, after `delayMs`; the answer cancels. */
  readonly after = (delayMs: number, callback: () => void): () => void => {
    this.#dueAtMs = this.#port.monotonicMs() + delayMs;
    this.#callback = callback;
    return this.#cancel;
  };

  /** Calls what is due, again and again; returns to the event loop when that is to have its turn, or when nothing is left to do. */
  nap(): void {
    this.#clearTimer();
    const port = this.#port;
    let nowMs = port.monotonicMs();
    this.#loopedAtMs = nowMs;
    while (this.#callback !== undefined) {
      const delayMs = Math.max(0, this.#dueAtMs - nowMs);
      if (this.#dueAtMs - this.#loopedAtMs > LOOP_EVERY_MS) {
        return this.#rest(delayMs);
      }
      if (!port.sleep(delayMs)) return this.#rest(this.#left());
      this.#call();
      nowMs = port.monotonicMs();
    }
  }

  /** Waits in the event loop. */
  #rest(delayMs: number): void {
    this.#cancelTimer = this.#port.timer(delayMs, this.#onTimer);
  }

  readonly #onTimer = (): void => {
    this.#call();
    this.nap();
  };

  readonly #cancel = (): void => {
    this.#callback = undefined;
    this.#clearTimer();
  };

  #left(): number {
    return Math.max(0, this.#dueAtMs - this.#port.monotonicMs());
  }

  #call(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
