/**
 * Owns the supervisor's own count of time: what passed while this process could run. A process that is stopped (SIGSTOP,
 * a frozen cgroup, a suspended machine) must not find its workers silent afterwards: they were stopped as well.
 * In: a Clock and one call per tick. Out: milliseconds since the start, of which one tick adds a limited number.
 * @module
 */
import type { Clock } from "../clock.ts";
import type { SupervisorLimits } from "./ports.ts";

export class CountedTime {
  readonly #clock: Clock;
  readonly #limits: SupervisorLimits;
  #countedMs = 0;
  #tickedAtMs: number;

  constructor(clock: Clock, limits: SupervisorLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#tickedAtMs = clock.monotonicMs();
  }

  /** Counted milliseconds since the start; never falls. */
  nowMs(): number {
    return this.#countedMs + this.#countsOf(this.#sinceTickMs());
  }

  /** Takes up a tick. Returns false where it came so late that messages of workers may wait behind it. */
  tick(): boolean {
    const sinceTickMs = this.#sinceTickMs();
    this.#countedMs += this.#countsOf(sinceTickMs);
    this.#tickedAtMs += sinceTickMs;
    return sinceTickMs <= 1.5 * this.#limits.tickMs;
  }

  #sinceTickMs(): number {
    return this.#clock.monotonicMs() - this.#tickedAtMs;
  }

  #countsOf(sinceTickMs: number): number {
    return Math.min(sinceTickMs, this.#limits.tickCountsAtMostMs);
  }
}
