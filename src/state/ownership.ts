/**
 * Owns the shape of what is known of who keeps objects alive. In: nothing (owners.ts makes it). Out: plain values that never change
 * once made; times are of CLOCK_MONOTONIC.
 * @module
 */
import type { ObjectType } from "../../workers/protocol.ts";
import type { CgroupIdentity } from "./cgroup_identity.ts";
import type { HoldingGraph } from "./holding_graph.ts";

/** Names an object for as long as it lives. */
export interface ObjectKey {
  readonly type: ObjectType;
  readonly id: number;
}

/** A process that holds objects, or did. */
export interface Owner extends CgroupIdentity {
  /** In the initial pid namespace. */
  readonly pid: number;
  /** CLOCK_BOOTTIME at its start, in ms. */
  readonly startedAtMs: number;
  /** A hostile string. */
  readonly comm: string;
  readonly uid: number;
}

/** What the kernel keeps an object alive by, where nothing else does. */
export type KeptBy =
  /** it is attached, or seems to be: the reason says to what */
  | "attachment"
  /** a link, a program or a map refers to it, which is itself an orphan */
  | "link"
  | "program"
  | "map"
  /** nothing that the kernel tells */
  | "unknown";

export interface Orphan {
  readonly keptBy: KeptBy;
  /** A phrase, as `link 5 runs it; that is attached to ifindex:2`. May hold a hostile string. */
  readonly reason: string;
  /** When the first of the passes that agree began. */
  readonly sinceMs: number;
}

/** What a pass, and those before it, say of one object. */
export interface ObjectOwnership {
  /**
   * Of the processes that hold it by a descriptor the one that started first; where none does, the same of those that hold it
   * through other objects; where none does either, the last one known.
   */
  readonly owner?: Owner;
  /** What the owner has a descriptor of, where that is another object. */
  readonly through?: ObjectKey;
  /** When the first pass began that found nobody to hold it any more. */
  readonly ownerGoneAtMs?: number;
  /** A process or a pin keeps it, directly or through others, or may do so where no pass sees it. */
  readonly kept: boolean;
  /** It has a name in a bpffs. */
  readonly pinned: boolean;
  /** When the first of those passes began that found nothing to keep it, without one between that did. */
  readonly unheldSinceMs?: number;
  readonly orphan?: Orphan;
}

/** The rows of one table, in its order; undefined where no pass says anything of the object yet. */
export interface TableOwnership {
  readonly rows: readonly (ObjectOwnership | undefined)[];
  /** Rises with every change. */
  readonly revision: number;
}

/** The last pass as a whole. */
export interface HoldersState {
  readonly takenAtMs: number;
  readonly durationMs: number;
  /** Open descriptors that were looked at. */
  readonly descriptors: number;
  /** Every process was looked at. */
  readonly complete: boolean;
  /** Processes that hold objects. */
  readonly processes: number;
  /** One sentence where pins cannot be read. */
  readonly pinsReason?: string;
  /** One sentence where it is not known which objects are orphans. */
  readonly orphansReason?: string;
  /** By type one sentence why none of its objects can be called an orphan. */
  readonly unknown: Readonly<Partial<Record<ObjectType, string>>>;
  /** For those who ask about one object. */
  readonly graph: HoldingGraph;
}
