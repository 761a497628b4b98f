/**
 * Owns which backend samples a table, at start and while it runs. In: the iterators that acquire() opened or the reason why not,
 * and the walk. Out: a TableCollector that takes the walk while the iterators fail, comes back to them when they work again,
 * and says so.
 * @module
 */
import {
  EACCES,
  EOPNOTSUPP,
  EPERM,
  errnoName,
  type KernelPort,
} from "../ffi/sampling.ts";
import type { BackedTable, Collector, WalkCollector } from "./collector.ts";
import type { IteratorPass, TableIterators } from "./iterate.ts";
import type {
  BackendName,
  CollectInit,
  IteratedType,
  ObjectType,
  TableOutcome,
} from "./protocol.ts";
import type { Rows } from "./rows.ts";

/** How long the walk stands in before the iterators are tried again. */
const TRY_AGAIN_MS = 10_000;

const NOTHING_SKIPPED: TableOutcome["skipped"] = Object.freeze({});

/** What a collector of one kind is made of. */
export interface TableParts<T extends ObjectType> {
  readonly rows: Rows<T>;
  /** Words of identity that the walk compares. */
  readonly walkWords: number;
  readonly walk: WalkCollector<T>;
  iterate(iterators: TableIterators): IteratorPass<T>;
}

/** @param iterators or why there are none @param mayWalk the walk may stand in for them */
export function backedTable<T extends ObjectType>(
  kernel: KernelPort,
  parts: TableParts<T>,
  iterators: TableIterators | string,
  mayWalk: boolean,
): BackedTable {
  if (typeof iterators !== "string") {
    return new IteratorCollector(kernel, parts, iterators, mayWalk);
  }
  const { walk, rows } = parts;
  if (!mayWalk) return unavailable(rows, iterators);
  return {
    backend: "walk",
    backendReason: iterators,
    rows,
    get syscalls() {
      return walk.syscalls;
    },
    sample: () => walk.sample(),
  };
}

/** A table that neither way reads: its iterators did not open, and what the walk needs was given up, or never there. */
function unavailable<T extends ObjectType>(
  rows: Rows<T>,
  reason: string,
): BackedTable {
  const outcome: TableOutcome = {
    table: rows.table,
    skipped: NOTHING_SKIPPED,
    failure: {
      call: "opening an iterator",
      errno: errnoName(EOPNOTSUPP),
      unavailable: true,
      unsupported: true,
      reason: `${reason}, and no privilege is kept for the walk`,
    },
  };
  return {
    backend: "iterator",
    backendReason: reason,
    rows,
    syscalls: 0,
    sample: () => outcome,
  };
}

/** The last two arguments of backedTable(), out of a worker's Init. */
export function iteratorsFor(
  table: IteratedType,
  { iterators }: CollectInit,
): [TableIterators | string, boolean] {
  return iterators === undefined
    ? ["no iterators were opened", true]
    : [iterators[table], iterators.mayWalk];
}

/** A collector whose backend is that of its first table. */
export function collectorOf(
  main: BackedTable,
  others: readonly BackedTable[] = [],
  loads?: Collector["loads"],
): Collector {
  return {
    get backend() {
      return main.backend;
    },
    get backendReason() {
      return main.backendReason;
    },
    tables: [main, ...others],
    ...(loads === undefined ? {} : { loads }),
  };
}

class IteratorCollector<T extends ObjectType> implements BackedTable {
  readonly #kernel: KernelPort;
  readonly #parts: TableParts<T>;
  readonly #pass: IteratorPass<T>;
  readonly #iterators: TableIterators;
  /** What opens the iterations, and the reason with it: made once, for it is asked at each sample. */
  #call = "";
  #reason = "";
  readonly #mayWalk: boolean;
  /** CLOCK_MONOTONIC at which the iterators are tried again; undefined while they work. */
  #tryAgainAtMs: number | undefined;
  #failures = 0;
  #lastFailure = "";

  constructor(
    kernel: KernelPort,
    parts: TableParts<T>,
    iterators: TableIterators,
    mayWalk: boolean,
  ) {
    this.#kernel = kernel;
    this.#parts = parts;
    this.#pass = parts.iterate(iterators);
    this.#iterators = iterators;
    this.#mayWalk = mayWalk;
    parts.rows.restart(this.#pass.identityWords);
  }

  get rows(): Rows<T> {
    return this.#parts.rows;
  }

  get syscalls(): number {
    return this.#pass.calls + this.#parts.walk.syscalls;
  }

  get backend(): BackendName {
    return this.#tryAgainAtMs === undefined ? "iterator" : "walk";
  }

  get backendReason(): string {
    const { call } = this.#pass;
    if (call !== this.#call) {
      this.#call = call;
      this.#reason = `${this.#iterators.reason}, each pass by ${call}`;
    }
    if (this.#failures === 0) return this.#reason;
    const times = this.#failures === 1 ? "once" : `${this.#failures} times`;
    return this.#tryAgainAtMs === undefined
      ? `${this.#reason}; failed ${times}, last with ${this.#lastFailure}`
      : `the iterators failed ${times}, last with ${this.#lastFailure}, and are tried again`;
  }

  sample(): TableOutcome {
    const nowMs = this.#kernel.monotonicMs();
    if (this.#tryAgainAtMs !== undefined && nowMs < this.#tryAgainAtMs) {
      return this.#parts.walk.sample();
    }
    const failure = this.#iterate();
    const { table } = this.rows;
    if (failure === undefined) return { table, skipped: NOTHING_SKIPPED };
    this.#failures++;
    const errno = errnoName(failure.errno);
    this.#lastFailure = `${failure.call}: ${errno}`;
    if (this.#mayWalk) {
      if (this.#tryAgainAtMs === undefined) {
        this.rows.restart(this.#parts.walkWords);
      }
      this.#tryAgainAtMs = nowMs + TRY_AGAIN_MS;
      return this.#parts.walk.sample();
    }
    return {
      table,
      skipped: NOTHING_SKIPPED,
      failure: {
        call: failure.call,
        errno,
        unavailable: failure.errno === EPERM || failure.errno === EACCES,
      },
    };
  }

  /** Known rows are let go only once the iterators have been read again. */
  #iterate(): ReturnType<IteratorPass<T>["take"]> {
    const failure = this.#pass.read();
    if (failure !== undefined) return failure;
    if (this.#tryAgainAtMs !== undefined) {
      this.rows.restart(this.#pass.identityWords);
    }
    const late = this.#pass.take();
    if (late === undefined) this.#tryAgainAtMs = undefined;
    else if (this.#tryAgainAtMs !== undefined) {
      this.rows.restart(this.#parts.walkWords);
    }
    return late;
  }
}
