/**
 * Owns the answer to "can this process serve?". In: the collectors' health. Out: one line of text and whether it is well.
 * @module
 */
import type { CollectorHealth } from "../state/collector_health.ts";

/** A collector that missed this many deadlines one after another will not come back by itself. */
const OVERDUE_LIMIT = 10;

export interface Liveness {
  readonly healthy: boolean;
  /** `ok`, or one line for each collector that is not. */
  readonly text: string;
}

export function liveness(collectors: readonly CollectorHealth[]): Liveness {
  const lines = collectors
    .filter((collector) => collector.overdueInARow >= OVERDUE_LIMIT)
    .map(({ name, overdueInARow }) =>
      `collector ${name}: ${overdueInARow} deadlines missed in a row`
    );
  return lines.length === 0
    ? { healthy: true, text: "ok\n" }
    : { healthy: false, text: `${lines.join("\n")}\n` };
}
