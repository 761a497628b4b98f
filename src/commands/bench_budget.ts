/**
 * Owns the interval that keeps the agent within a share of one core. In: CPU time over windows with known numbers of ticks. Out: what
 * the agent takes at rest and for a tick, and the interval that follows.
 * @module
 */

/** What the process did over one stretch of time. */
export interface CpuWindow {
  /** Undefined: at rest, no sample is taken. */
  readonly intervalMs: number | undefined;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Samples of all collectors together make one. */
  readonly ticks: number;
}

/** CPU = restRatio * time + tickMs * ticks. */
export interface CpuModel {
  /** CPU time by wall time where no sample is taken. */
  readonly restRatio: number;
  readonly tickMs: number;
}

/** As --interval takes them. */
const LEAST_MS = 20;
const MOST_MS = 3_600_000;

/** Least squares of the shares of CPU over ticks a millisecond; neither part is below 0. Needs a window with ticks. */
export function fitCpu(windows: readonly CpuWindow[]): CpuModel {
  const points = windows.filter(({ wallMs }) => wallMs > 0).map((
    { wallMs, cpuMs, ticks },
  ) => ({ rate: ticks / wallMs, ratio: cpuMs / wallMs }));
  const rate = mean(points.map((point) => point.rate));
  const ratio = mean(points.map((point) => point.ratio));
  let spread = 0;
  let together = 0;
  for (const point of points) {
    spread += (point.rate - rate) ** 2;
    together += (point.rate - rate) * (point.ratio - ratio);
  }
  const tickMs = spread === 0 ? 0 : Math.max(0, together / spread);
  const restRatio = ratio - tickMs * rate;
  if (restRatio >= 0) return { restRatio, tickMs };
  return { restRatio: 0, tickMs: rate === 0 ? 0 : ratio / rate };
}

/** The shortest interval in whole ms that --interval takes and that keeps within `budgetRatio`; undefined where none does. */
export function intervalWithin(
  { restRatio, tickMs }: CpuModel,
  budgetRatio: number,
): number | undefined {
  const left = budgetRatio - restRatio;
  if (left <= 0) return undefined;
  const intervalMs = Math.max(LEAST_MS, Math.ceil(tickMs / left));
  return intervalMs <= MOST_MS ? intervalMs : undefined;
}

function mean(values: readonly number[]): number {
  return values.length === 0
    ? 0
    : values.reduce((sum, value) => sum + value, 0) / values.length;
}
