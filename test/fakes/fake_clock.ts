/**
 * Owns a Clock that stands still. In: how far a test moves it. Out: the timers that are due, called in their order.
 * @module
 */
import type { Clock } from "../../src/clock.ts";

interface Timer {
  readonly dueAtMs: number;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  #monotonicMs: number;
  #unixMs: number;
  #timers: Timer[] = [];

  constructor(
    { monotonicMs = 1_000_000, unixMs = Date.UTC(2025, 0, 1) }: {
      monotonicMs?: number;
      unixMs?: number;
    } = {},
  ) {
    this.#monotonicMs = monotonicMs;
    this.#unixMs = unixMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  unixMs(): number {
    return this.#unixMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueAtMs: this.#monotonicMs + delayMs, callback };
    this.#timers.push(timer);
    return () => this.#drop(timer);
  }

  /** Timers that were neither called nor cancelled. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Moves on by `ms`; each timer that comes due is called at its own time, also those that are set on the way. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (
      let timer = this.#next(endMs);
      timer !== undefined;
      timer = this.#next(endMs)
    ) {
      this.#moveTo(Math.max(timer.dueAtMs, this.#monotonicMs));
      this.#drop(timer);
      timer.callback();
    }
    this.#moveTo(endMs);
  }

  /** Moves on by `ms` at once, as for a process that was stopped: what came due meanwhile is called late, and once. */
  jump(ms: number): void {
    this.#moveTo(this.#monotonicMs + ms);
    this.advance(0);
  }

  /** Sets the wall clock alone, as a time service does. */
  setUnixMs(ms: number): void {
    this.#unixMs = ms;
  }

  #next(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAtMs > untilMs) continue;
      if (first === undefined || timer.dueAtMs < first.dueAtMs) first = timer;
    }
    return first;
  }

  #moveTo(ms: number): void {
    this.#unixMs += ms - this.#monotonicMs;
    this.#monotonicMs = ms;
  }

  #drop(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}
