/**
 * Owns the shape of what the agent knows of its node: the only input of every exposition. In: nothing (the aggregator
 * makes it). Out: NodeState, whose readers get frozen copies, so that a page rendered in slices is of one instant, and
 * nothing that a reader does changes what another one sees.
 * @module
 */
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";
import type { BuffersState } from "./buffers.ts";
import type { CpuEntriesState } from "./cpu_entries.ts";
import type { ManagerState } from "./managers.ts";
import type { OperationsState } from "./operations.ts";
import type { HoldersState, TableOwnership } from "./ownership.ts";
import type { RunStatsState } from "./run_stats.ts";

/** The columns of each type's table, by name: counters and gauges as sampled, ratios as derived. NaN is absent. */
export interface Columns {
  map: "entries";
  program:
    | "runTimeNs"
    | "runCount"
    | "recursionMisses"
    | "cpuRatio"
    | "cpuRatioMax";
  link: never;
  btf: never;
}

/** Label text of one object, made at its birth and joined as it is into each of its series. */
export interface SeriesText {
  /** Labels of its value series, escaped, without braces: `map_id="12",map_name="x",map_type="hash"`. */
  readonly labels: string;
  /** Labels of its info series. */
  readonly info: string;
}

/** Why a table has the rows that it has. */
export type TableStatus =
  /** no sample yet */
  | "starting"
  /** the last sample was read to its end */
  | "sampled"
  /** the last sample failed: rows are those of the last good one */
  | "stale"
  /** cannot be read here: no rows, and no counts */
  | "unavailable";

/** All objects of one type at one instant, rows in ascending id. Typed arrays are this reader's own. */
export interface Table<T extends ObjectType> {
  readonly type: T;
  readonly status: TableStatus;
  /** One sentence where the status is stale or unavailable. */
  readonly reason?: string;
  /** Where the status is unavailable: this kernel lacks what it takes, and no privilege changes that. */
  readonly unsupported?: boolean;
  /** CLOCK_MONOTONIC at the start of the sample that the rows are from; undefined before the first. */
  readonly sampledAtMs?: number;
  readonly size: number;
  /** Objects born and gone since the agent's first complete sample. */
  readonly created: number;
  readonly destroyed: number;
  /** Both count every object; else they are lower bounds. */
  readonly isCreatedExact: boolean;
  readonly descriptions: readonly Descriptions[T][];
  readonly text: readonly SeriesText[];
  /** 1 where the object has series of its own, 0 where it is counted under `other` (`--max-series`). */
  readonly ownSeries: Uint8Array;
  /** How many rows have 0 there. */
  readonly restSize: number;
  readonly columns: Readonly<Record<Columns[T], Float64Array>>;
  /**
   * What counters rose by, since the first sample, while their object was counted under `other`; objects that are gone
   * included. Never falls.
   */
  readonly rest: Readonly<Partial<Record<Columns[T], number>>>;
  /** What all objects' counter `rateOf` rose by in a second, over the last interval; absent where nobody asked, or it is not known. */
  readonly perSecond?: number;
  /** CLOCK_MONOTONIC at the end of the window that ratios are of, where runs are counted in windows alone. */
  readonly countedToMs?: number;
  /** Who keeps each object alive; undefined before the first look at that. */
  readonly ownership?: TableOwnership;
}

/** The whole node at one instant. */
export interface NodeSnapshot {
  readonly tables: { readonly [T in ObjectType]: Table<T> };
  /** The last look at who keeps objects alive; undefined before the first. */
  readonly holders?: HoldersState;
  /** One sentence where the last try to look failed, or nobody can look here. */
  readonly holdersReason?: string;
  /** What is known of ring and perf buffers; undefined before the first look at them. */
  readonly buffers?: BuffersState;
  /** What each CPU counted of the entries of maps; undefined where nobody asked for it. */
  readonly cpuEntries?: CpuEntriesState;
  /** What is known of bpf() operations; undefined where nothing counted them yet. */
  readonly operations?: OperationsState;
  /** What is known of the windows in which runs of programs are counted; undefined where they are counted always, or never. */
  readonly runStats?: RunStatsState;
  /** Groups of processes that hold objects or did something with them, by name; undefined where nobody asked for them. */
  readonly managers?: readonly ManagerState[];
}

/** What the agent knows of the node, from sample to sample. */
export interface NodeState {
  /** A copy of the present state that never changes. Costs a copy of the columns, nothing per object. */
  freeze(): NodeSnapshot;
}
