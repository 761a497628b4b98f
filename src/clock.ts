/**
 * Owns time as the main thread sees it. In: the kernel's monotonic clock. Out: a Clock, injected everywhere; `main.ts` makes
 * the real one, tests a still one that they move.
 * @module
 */

export interface Clock {
  /** CLOCK_MONOTONIC in milliseconds, the same that the workers stamp their samples with. */
  monotonicMs(): number;
  /** Unix time in milliseconds. */
  unixMs(): number;
  /** Calls `callback` once, `delayMs` from now; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The real one. @param monotonicMs CLOCK_MONOTONIC in milliseconds */
export function systemClock(monotonicMs: () => number): Clock {
  return {
    monotonicMs,
    unixMs: () => Date.now(),
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
