/**
 * Owns how a worker's thread waits for what it does next: mostly asleep on its pulse, which costs a third of a turn of the
 * event loop, and at least once in a while by a timer, so that the loop sees messages and the engine does its own work.
 * In: callbacks, each with its time. Out: their calls, in time, the earliest first.
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

/** One callback, for as long as nobody takes its place. */
class Wait {
  dueAtMs = 0;
  isWaiting = false;
  readonly cancel: () => void;

  constructor(readonly callback: () => void, cancelled: () => void) {
    this.cancel = () => {
      this.isWaiting = false;
      cancelled();
    };
  }
}

export class Naps {
  readonly #port: NapPort;
  readonly #waits: Wait[] = [];
  #loopedAtMs: number;
  #cancelTimer: (() => void) | undefined;

  constructor(port: NapPort) {
    this.#port = port;
    this.#loopedAtMs = port.monotonicMs();
  }

  /** Has nap() call once, after `delayMs`, whatever else waits; a callback that waits already waits anew. The answer cancels. */
  readonly after = (delayMs: number, callback: () => void): () => void => {
    const wait = this.#waitOf(callback);
    wait.dueAtMs = this.#port.monotonicMs() + delayMs;
    wait.isWaiting = true;
    return wait.cancel;
  };

  /** Calls what is due, again and again; returns to the event loop when that is to have its turn, or when nothing is left to do. */
  nap(): void {
    this.#clearTimer();
    const port = this.#port;
    let nowMs = port.monotonicMs();
    this.#loopedAtMs = nowMs;
    for (
      let wait = this.#earliest();
      wait !== undefined;
      wait = this.#earliest()
    ) {
      const delayMs = Math.max(0, wait.dueAtMs - nowMs);
      if (wait.dueAtMs - this.#loopedAtMs > LOOP_EVERY_MS) {
        return this.#rest(delayMs);
      }
      if (!port.sleep(delayMs)) return this.#rest(this.#left(wait));
      call(wait);
      nowMs = port.monotonicMs();
    }
  }

  /** Waits in the event loop. */
  #rest(delayMs: number): void {
    this.#cancelTimer = this.#port.timer(delayMs, this.#onTimer);
  }

  readonly #onTimer = (): void => {
    const wait = this.#earliest();
    if (wait !== undefined && this.#left(wait) === 0) call(wait);
    this.nap();
  };

  #earliest(): Wait | undefined {
    let earliest: Wait | undefined;
    for (const wait of this.#waits) {
      if (!wait.isWaiting) continue;
      if (earliest === undefined || wait.dueAtMs < earliest.dueAtMs) {
        earliest = wait;
      }
    }
    return earliest;
  }

  /** Of those that wait no more one gives its place to a callback that is new; its own cancel() does nothing then. */
  #waitOf(callback: () => void): Wait {
    let free = this.#waits.length;
    for (let i = 0; i < this.#waits.length; i++) {
      const wait = this.#waits[i];
      if (wait.callback === callback) return wait;
      if (!wait.isWaiting) free = i;
    }
    const wait = new Wait(callback, this.#cancelled);
    this.#waits[free] = wait;
    return wait;
  }

  readonly #cancelled = (): void => {
    if (this.#earliest() === undefined) this.#clearTimer();
  };

  #left(wait: Wait): number {
    return Math.max(0, wait.dueAtMs - this.#port.monotonicMs());
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

function call(wait: Wait): void {
  wait.isWaiting = false;
  wait.callback();
}
