/**
 * Owns what every collector is to its thread: tables that can be sampled. In: a walk of one kind of object and what its
 * kind makes of an object. Out: TableCollector, whose sample() leaves the rows of a whole pass, or those of the last one and the reason.
 * @module
 */
import {
  EACCES,
  EPERM,
  errnoName,
  type KernelBuffer,
  type LoadEventReader,
  type ObjectWalk,
  type WalkFailure,
  type WalkVisitor,
} from "../ffi/sampling.ts";
import type { BuffersPass } from "./maps/buffers_model.ts";
import type {
  BackendName,
  ObjectType,
  TableFailure,
  TableOutcome,
} from "./protocol.ts";
import type { Rows } from "./rows.ts";

/** One table of a worker. */
export interface TableCollector<T extends ObjectType = ObjectType> {
  readonly rows: Rows<T>;
  /** System calls since it was made. */
  readonly syscalls: number;
  /** Takes one pass; never throws for what a kernel may answer. */
  sample(): TableOutcome;
}

/** A table with the backend that samples it. */
export interface BackedTable<T extends ObjectType = ObjectType>
  extends TableCollector<T> {
  readonly backend: BackendName;
  /** One sentence: why this backend. */
  readonly backendReason: string;
  /** It may lack objects. */
  readonly isLowerBound?: boolean;
  /** The set of objects changed, of other workers' tables too. */
  renew?(): void;
}

/** What a worker samples. */
export interface Collector {
  /** Of its first table. */
  readonly backend: BackendName;
  readonly backendReason: string;
  readonly tables: readonly BackedTable[];
  /** Of the programs that were loaded and unloaded; absent where nothing tells. */
  readonly loads?: LoadEventReader;
  readonly buffers?: BuffersCollector;
}

/** What a worker looks at beside its tables, each at a pace of its own. */
export interface BuffersCollector {
  readonly looks: readonly Look[];
  /** What is new since the last call; undefined where nothing is. */
  take(): BuffersPass | undefined;
}

export interface Look {
  /** Looks once; never throws. */
  look(): void;
  /** From now to when it wants to look again. */
  readonly nextDelayMs: number;
}

/** What a kind of object makes of the objects that a walk visits. */
export interface ObjectReader {
  /** Adds the object's row, and describes it when it is new. */
  readonly visit: WalkVisitor["visit"];
  /** Whether the object is known and must not be opened again: its last row stands. */
  readonly isLeftClosed?: (id: number) => boolean;
  /** Input in the info before the kernel fills it. */
  readonly prepare?: (info: KernelBuffer) => void;
  /** After the last object of a pass. */
  readonly finish?: () => void;
  /** System calls of its own since it was made, beside the walk's. */
  readonly calls?: () => number;
}

const NOTHING_SKIPPED: TableOutcome["skipped"] = Object.freeze({});

/** A table that is sampled by a walk. */
export class WalkCollector<T extends ObjectType> implements TableCollector<T> {
  readonly #walk: ObjectWalk;
  readonly #visitor: WalkVisitor;
  readonly #reader: ObjectReader;
  #skipped: Map<number, number> | undefined;

  /** @param leaveOut ids that are never opened */
  constructor(
    readonly rows: Rows<T>,
    walk: ObjectWalk,
    leaveOut: readonly number[],
    reader: ObjectReader,
  ) {
    this.#walk = walk;
    this.#reader = reader;
    const ids = new Set(leaveOut);
    this.#visitor = {
      leaveOut: (id) => {
        if (ids.has(id)) return true;
        if (!reader.isLeftClosed?.(id)) return false;
        rows.keep(id);
        return true;
      },
      ...reader,
      skip: (id, errno) => {
        rows.keep(id);
        this.#skipped ??= new Map();
        this.#skipped.set(errno, (this.#skipped.get(errno) ?? 0) + 1);
      },
    };
  }

  get syscalls(): number {
    return this.#walk.calls + (this.#reader.calls?.() ?? 0);
  }

  sample(): TableOutcome {
    this.#skipped = undefined;
    this.rows.begin();
    const failure = this.#walk.run(this.#visitor);
    this.#reader.finish?.();
    if (failure === undefined) this.rows.commit();
    else this.rows.abandon();
    return {
      table: this.rows.table,
      skipped: this.#skipped === undefined
        ? NOTHING_SKIPPED
        : namedByErrno(this.#skipped),
      ...(failure === undefined ? {} : { failure: tableFailure(failure) }),
    };
  }
}

function namedByErrno(counts: Map<number, number>): Record<string, number> {
  return Object.fromEntries(
    [...counts].map(([errno, count]) => [errnoName(errno), count]),
  );
}

function tableFailure(failure: WalkFailure): TableFailure {
  return {
    call: failure.call,
    errno: errnoName(failure.errno),
    unavailable: failure.unsupported || failure.errno === EPERM ||
      failure.errno === EACCES,
    ...(failure.unsupported ? { unsupported: true } : {}),
  };
}
