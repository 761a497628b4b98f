/**
 * Owns two reckonings of time about one collector: when its next sample is due, and how long its worker stays away after
 * it ended. In: counted time. Out: deadlines missed in a row, the next pause.
 * @module
 */
import type { SupervisorLimits } from "./ports.ts";

/** When a sample is due. */
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

/** The deadline of a collector over all lives of its worker, and the one that the present life is blamed for. */
export class CollectorDeadlines {
  /** How long after it was due a sample is overdue. */
  readonly graceMs: number;
  readonly #intervalMs: number;
  readonly #ofCollector: SampleDeadline;
  readonly #ofLife: SampleDeadline;

  constructor(intervalMs: number, leastGraceMs: number) {
    this.#intervalMs = intervalMs;
    this.#ofCollector = new SampleDeadline(intervalMs, leastGraceMs);
    this.#ofLife = new SampleDeadline(intervalMs, leastGraceMs);
    this.graceMs = this.#ofLife.graceMs;
  }

  /** A worker is ready: its first sample is due. What was missed before stays missed until a sample is there. */
  ready(nowMs: number): void {
    this.#ofLife.expect(nowMs);
    if (this.missed(nowMs) === 0) this.#ofCollector.expect(nowMs);
  }

  sampled(nowMs: number): void {
    this.#ofLife.expect(nowMs + this.#intervalMs);
    this.#ofCollector.expect(nowMs + this.#intervalMs);
  }

  /** No worker is there, which does not excuse the collector. */
  away(nowMs: number): void {
    this.#ofCollector.expectFirst(nowMs);
  }

  /** Deadlines missed in a row, by whichever worker. */
  missed(nowMs: number): number {
    return this.#ofCollector.missed(nowMs);
  }

  /** Whether the present worker, once ready, has missed one. */
  isLifeOverdue(nowMs: number): boolean {
    return this.#ofLife.missed(nowMs) > 0;
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
