/**
 * Owns two reckonings of time about one collector: when its next sample is due, and how long its worker stays away after
 * it ended. In: counted time. Out: deadlines missed in a row, the next pause.
 * @module
 */
import type { SupervisorLimits } from "./ports.ts";

/** When a sample is due; goes on while the worker is away. */
export class SampleDeadline {
  readonly #intervalMs: number;
  /** How long after it was due a sample is overdue. */
  readonly graceMs: number;
  #dueAtMs: number | undefined;

  constructor(intervalMs: number, leastGraceMs: number) {
    this.#intervalMs = intervalMs;
    this.graceMs = Math.max(intervalMs, leastGraceMs);
  }

  /** The next sample is due at `atMs`. */
  expect(atMs: number): void {
    this.#dueAtMs = atMs;
  }

  /** As `expect`, where none was expected yet: a collector that never had a worker misses its deadlines, too. */
  expectFirst(atMs: number): void {
    this.#dueAtMs ??= atMs;
  }

  /** Deadlines missed by `nowMs` since a sample was last expected: the first after the grace, then one each interval. */
  missed(nowMs: number): number {
    if (this.#dueAtMs === undefined) return 0;
    const overdueMs = nowMs - this.#dueAtMs - this.graceMs;
    return overdueMs <= 0 ? 0 : 1 + Math.floor(overdueMs / this.#intervalMs);
  }
}

/** How long a worker that ended stays away: longer each time, until a life was good for long enough. */
export class BackOff {
  readonly #limits: SupervisorLimits;
  #pauseMs: number;

  constructor(limits: SupervisorLimits) {
    this.#limits = limits;
    this.#pauseMs = limits.firstPauseMs;
  }

  /** The pause in milliseconds after a life that was ready for `goodMs`. */
  nextMs(goodMs: number): number {
    if (goodMs >= this.#limits.goodLifeMs) {
      this.#pauseMs = this.#limits.firstPauseMs;
    }
    const pauseMs = Math.min(this.#pauseMs, this.#limits.longestPauseMs);
    this.#pauseMs = pauseMs * 2;
    return pauseMs;
  }
}
