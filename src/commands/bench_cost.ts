/**
 * Owns what samples cost: every collector by every backend, over what is there and over own objects beside it. In: timed
 * collectors. Out: one row each, or why there is none.
 * @module
 */
import type { TimedCollector } from "../../workers/bench.ts";
import type {
  BackendName,
  CollectorName,
  IteratedType,
} from "../../workers/protocol.ts";

export interface CostPorts {
  /** A collector that has not sampled yet, or why there is none. */
  collector(
    name: CollectorName,
    backend: BackendName,
  ): TimedCollector | string;
  /** Makes own objects, until they are disposed of; or one sentence why not all of them. */
  makeObjects(type: IteratedType, count: number): Disposable | string;
  monotonicMs(): number;
}

/** What one sample costs, by wall time. */
export interface SampleCost {
  readonly objects: number;
  readonly medianUs: number;
  /** Nine rounds of ten took no longer. */
  readonly p90Us: number;
  readonly rounds: number;
}

export interface CostRow {
  readonly collector: CollectorName;
  readonly backend: BackendName;
  /** Own objects that were made for it. */
  readonly made: number;
  /** Or why nothing was measured. */
  readonly cost: SampleCost | { readonly reason: string };
}

const COLLECTORS: readonly (readonly [CollectorName, IteratedType])[] = [
  ["maps", "map"],
  ["programs", "program"],
  ["links", "link"],
];
const BACKENDS: readonly BackendName[] = ["iterator", "walk"];

/** Until code that is new to the engine runs as it will. */
const WARM_UP_ROUNDS = 5;
const LEAST_ROUNDS = 9;
const MOST_ROUNDS = 31;
/** No round above the least is begun later. */
const MOST_MS = 500;

/** Own objects of one type at a time: each takes a file descriptor. */
export function measureCosts(ports: CostPorts, objects: number): CostRow[] {
  const rows: CostRow[] = [];
  for (const [collector, type] of COLLECTORS) {
    rows.push(...measure(ports, collector, 0));
    if (objects === 0) continue;
    const made = ports.makeObjects(type, objects);
    if (typeof made === "string") {
      rows.push(...BACKENDS.map((backend) => ({
        collector,
        backend,
        made: objects,
        cost: { reason: made },
      })));
      continue;
    }
    using _kept = made;
    rows.push(...measure(ports, collector, objects));
  }
  return rows;
}

/** The backends take turns, there and back, so that whatever else the machine does meets both alike. */
function measure(
  ports: CostPorts,
  collector: CollectorName,
  made: number,
): CostRow[] {
  const sides = BACKENDS.map((backend) =>
    new Side(backend, ports.collector(collector, backend))
  );
  const since = ports.monotonicMs();
  for (let round = -WARM_UP_ROUNDS; round < MOST_ROUNDS; round++) {
    const late = ports.monotonicMs() - since > MOST_MS;
    if (late && round >= LEAST_ROUNDS) break;
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      side.sample(round >= 0);
    }
  }
  return sides.map((side) => ({
    collector,
    backend: side.backend,
    made,
    cost: side.cost(),
  }));
}

class Side {
  readonly #collector: TimedCollector | undefined;
  readonly #durationsMs: number[] = [];
  #objects = 0;
  /** Why nothing is measured. */
  #reason: string | undefined;

  constructor(readonly backend: BackendName, opened: TimedCollector | string) {
    if (typeof opened === "string") this.#reason = opened;
    else this.#collector = opened;
  }

  sample(counts: boolean): void {
    if (this.#collector === undefined || this.#reason !== undefined) return;
    const { durationMs, objects, failure } = this.#collector.sample();
    this.#reason = failure;
    this.#objects = objects;
    if (counts) this.#durationsMs.push(durationMs);
  }

  cost(): CostRow["cost"] {
    if (this.#reason !== undefined) return { reason: this.#reason };
    const sorted = this.#durationsMs.toSorted((a, b) => a - b);
    return {
      objects: this.#objects,
      medianUs: 1000 * quantile(sorted, 0.5),
      p90Us: 1000 * quantile(sorted, 0.9),
      rounds: sorted.length,
    };
  }
}

/** The least of `sorted` that so large a part of them does not exceed. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}
