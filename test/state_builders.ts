/**
 * Owns builders of the node's state for tests and benchmarks of what reads it: descriptions, tables, snapshots, the health
 * of collectors, all with defaults that a test changes where it matters. In: what matters. Out: the shapes of src/state.
 * @module
 */
import type { Descriptions, ObjectType } from "../workers/protocol.ts";
import type { NodeFacts } from "../workers/acquire.ts";
import type { Clock } from "../src/clock.ts";
import { seriesText } from "../src/metrics/labels.ts";
import type { CollectorHealth } from "../src/state/collector_health.ts";
import type {
  Columns,
  NodeSnapshot,
  NodeState,
  Table,
} from "../src/state/node_state.ts";

export function aMap(
  given: Partial<Descriptions["map"]> = {},
): Descriptions["map"] {
  const id = given.id ?? 1;
  return {
    id,
    identity: `map ${id}`,
    name: "connections",
    type: "hash",
    keySizeBytes: 4,
    valueSizeBytes: 8,
    maxEntries: 1024,
    flags: 0,
    ...given,
  };
}

export function aProgram(
  given: Partial<Descriptions["program"]> = {},
): Descriptions["program"] {
  const id = given.id ?? 1;
  return {
    id,
    identity: `program ${id}`,
    name: "on_switch",
    type: "raw_tracepoint",
    tag: "a04f5eef06a7f555",
    jitedBytes: 120,
    xlatedBytes: 80,
    verifiedInstructions: 12,
    ...given,
  };
}

export function aLink(
  given: Partial<Descriptions["link"]> = {},
): Descriptions["link"] {
  const id = given.id ?? 1;
  return {
    id,
    identity: `link ${id}`,
    type: "raw_tracepoint",
    programId: 1,
    target: "sched_switch",
    ...given,
  };
}

export function aBtf(
  given: Partial<Descriptions["btf"]> = {},
): Descriptions["btf"] {
  const id = given.id ?? 1;
  return { id, identity: `btf ${id}`, name: "", sizeBytes: 400, ...given };
}

/** What a test says of a table; what it leaves out of a column is NaN. */
export type TableGiven<T extends ObjectType> =
  & Partial<
    Omit<Table<T>, "type" | "size" | "columns" | "ownSeries">
  >
  & {
    readonly columns?: Partial<Record<Columns[T], readonly number[]>>;
    /** 0 for the rows that are counted under `other`; all have series of their own where it is left out. */
    readonly ownSeries?: readonly number[];
  };

const COLUMNS: { readonly [T in ObjectType]: readonly Columns[T][] } = {
  map: ["entries"],
  program: [
    "runTimeNs",
    "runCount",
    "recursionMisses",
    "cpuRatio",
    "cpuRatioMax",
  ],
  link: [],
  btf: [],
};

export function aTable<T extends ObjectType>(
  type: T,
  { columns, ownSeries, ...given }: TableGiven<T> = {},
): Table<T> {
  const descriptions = given.descriptions ?? [];
  const size = descriptions.length;
  const own = Uint8Array.from(ownSeries ?? new Array<number>(size).fill(1));
  const filled = COLUMNS[type].map((name): [Columns[T], Float64Array] => [
    name,
    Float64Array.from(descriptions, (_, row) => columns?.[name]?.[row] ?? NaN),
  ]);
  return {
    type,
    status: "sampled",
    sampledAtMs: 9_000,
    size,
    created: 0,
    destroyed: 0,
    isCreatedExact: false,
    descriptions,
    text: descriptions.map((description) => seriesText(type, description)),
    ownSeries: own,
    restSize: own.filter((flag) => flag === 0).length,
    columns: Object.fromEntries(filled) as Record<Columns[T], Float64Array>,
    rest: {} as Table<T>["rest"],
    ...given,
  };
}

export function aSnapshot(
  tables: { readonly [T in ObjectType]?: TableGiven<T> } = {},
): NodeSnapshot {
  return {
    tables: {
      map: aTable("map", tables.map),
      program: aTable("program", tables.program),
      link: aTable("link", tables.link),
      btf: aTable("btf", tables.btf),
    },
  };
}

/** A state that stands still. */
export function aState(snapshot: NodeSnapshot = aSnapshot()): NodeState {
  return { freeze: () => snapshot };
}

export function aCollector(
  given: Partial<CollectorHealth> = {},
): CollectorHealth {
  return {
    name: "maps",
    status: "sampling",
    intervalMs: 500,
    backend: "walk",
    backendReason: "the only one of this version",
    sampledAtMs: 9_000,
    overdueInARow: 0,
    samples: 20,
    missedTicks: 0,
    syscalls: 60,
    restarts: 0,
    errors: {},
    skipped: {},
    ...given,
  };
}

/** What is found at start where everything is permitted. */
export function someFacts(given: Partial<NodeFacts> = {}): NodeFacts {
  return {
    capabilities: ["CAP_SYS_ADMIN"],
    missing: [],
    privileges: { dropped: true, held: [] },
    runStats: { agent: true, sysctl: false, other: false },
    loadEvents: {},
    jitLimitBytes: 1_000_000,
    memoryBytes: 2 ** 30,
    memlock: {
      by: "formula",
      reason: "formulas from kernel structures, proven on own maps",
    },
    ...given,
  };
}

/** A clock that stands at 10 s of CLOCK_MONOTONIC, and moves on by `stepMs` whenever it is looked at. */
export function stillClock(stepMs = 0): Clock {
  let nowMs = 10_000;
  return {
    monotonicMs: () => {
      const readMs = nowMs;
      nowMs += stepMs;
      return readMs;
    },
    unixMs: () => 1_700_000_000_000,
    after: () => () => {},
  };
}
