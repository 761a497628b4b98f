/**
 * Owns which looks at ring buffers go over all maps, and which only over the rings that are known, and how soon the next one comes: both
 * cost, and either has a share of a core. In: what each look cost, whether a ring may have come or gone. Out: the kind of the next look,
 * the shortest time until then.
 * @module
 */

/** Of the share of all looks: what passes over all maps take of it when nothing asks for them, and when something does. */
const QUIET_SHARE = 0.1;
const ASKED_SHARE = 0.5;
/** Between two passes over all maps, where nothing asks for one. */
const SHORTEST_MS = 100;
const LONGEST_MS = 5_000;
/** For so long a short way that failed is not tried again. */
const AFTER_FAILURE_MS = 10_000;
/** What the cost of the looks before still weighs. */
const COST_KEEPS = 0.9;

export class RingTurns {
  /** Something asks for a pass over all maps: a ring may have come, or gone. */
  isAsked = true;
  readonly #cpuShare: number;
  readonly #hasShortWay: boolean;
  #barredUntilMs = -Infinity;
  #fullAtMs = -Infinity;
  /** CPU time of a look of either kind; NaN before the first one. */
  #fullCostMs = NaN;
  #shortCostMs = NaN;

  /** @param cpuShare of one core */
  constructor(hasShortWay: boolean, cpuShare: number) {
    this.#hasShortWay = hasShortWay;
    this.#cpuShare = cpuShare;
  }

  /** Whether a look at that time, CLOCK_MONOTONIC, goes over all maps. */
  isFullAt(nowMs: number): boolean {
    if (!this.#hasShortWay || nowMs < this.#barredUntilMs) return true;
    const sinceMs = nowMs - this.#fullAtMs;
    const mostMs = this.#fullCostMs / this.#cpuShare;
    if (this.isAsked) return !(sinceMs < mostMs / ASKED_SHARE);
    const wantedMs = Math.min(
      LONGEST_MS,
      Math.max(SHORTEST_MS, mostMs / QUIET_SHARE),
    );
    return !(sinceMs < Math.max(wantedMs, mostMs / ASKED_SHARE));
  }

  /** A pass over all maps that began then reached its end. */
  takeFull(startedAtMs: number): void {
    this.#fullAtMs = startedAtMs;
    this.isAsked = false;
  }

  /** The short way failed then. */
  bar(nowMs: number): void {
    this.#barredUntilMs = nowMs + AFTER_FAILURE_MS;
    this.#shortCostMs = NaN;
  }

  /** What a look cost. */
  pay(isFull: boolean, cpuMs: number): void {
    if (isFull) this.#fullCostMs = averaged(this.#fullCostMs, cpuMs);
    else this.#shortCostMs = averaged(this.#shortCostMs, cpuMs);
  }

  /** Looks of the kind that is usual at that time are to be so far apart at least. @param isFull all are of that kind */
  paidMs(nowMs: number, isFull: boolean): number {
    const isShort = this.#hasShortWay && !isFull &&
      nowMs >= this.#barredUntilMs;
    const costMs = isShort ? this.#shortCostMs : this.#fullCostMs;
    return costMs > 0 ? costMs / this.#cpuShare : 0;
  }
}

function averaged(beforeMs: number, nowMs: number): number {
  return Number.isNaN(beforeMs)
    ? nowMs
    : beforeMs * COST_KEEPS + nowMs * (1 - COST_KEEPS);
}
