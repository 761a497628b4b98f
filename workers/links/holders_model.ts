/**
 * Owns what is known of who keeps objects alive: processes by their descriptors, pins, and objects that refer to each other. It is
 * taken by the links worker in passes of their own, seldom, and crosses as a message. Plain values.
 * @module
 */
import type { ObjectType } from "../protocol.ts";

/** Numbers of types in HoldersPass: the index here. */
export const HELD_TYPES: readonly ObjectType[] = [
  "map",
  "program",
  "link",
  "btf",
];

/** A process that holds objects by open descriptors. */
export interface HoldingProcess {
  /** In the initial pid namespace. */
  readonly pid: number;
  /** CLOCK_BOOTTIME at its start, in ms: with the pid it tells a process from a later one with the same pid. */
  readonly startedAtMs: number;
  /** At most 15 bytes. A hostile string. */
  readonly comm: string;
  readonly uid: number;
  /** Whole text of /proc/PID/cgroup; empty where it cannot be read. A hostile string. */
  readonly cgroups: string;
}

/** An object's name in a bpffs. */
export interface Pin {
  readonly type: ObjectType;
  readonly id: number;
  /** Absolute. A hostile string. */
  readonly path: string;
}

/**
 * By type of object, one sentence why something may keep such objects alive that is not in a pass: of these nothing can be called
 * without an owner.
 */
export type Unknown = Readonly<Partial<Record<ObjectType, string>>>;

/** One look at everything that keeps objects alive. */
export interface HoldersPass {
  /** CLOCK_MONOTONIC at its start. */
  readonly takenAtMs: number;
  readonly durationMs: number;
  /** Open descriptors that it looked at, whatever they are for. */
  readonly descriptors: number;
  /** Every process was looked at. */
  readonly complete: boolean;
  readonly processes: readonly HoldingProcess[];
  /** In threes: index in `processes`, number of the type, id. A process that holds an object by several descriptors is in it once. */
  readonly holds: Uint32Array;
  /** In fours: type and id of who refers, type and id of what is kept alive by that. */
  readonly references: Uint32Array;
  /** One sentence where pins cannot be read: then nothing is known to be without one. */
  readonly pins: readonly Pin[] | string;
  /** Absent where everything was looked at that this kernel lets one see. */
  readonly unknown?: Unknown;
}
