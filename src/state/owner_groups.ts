/**
 * Owns how objects are counted by owner. In: one instant of the node. Out: an entry for each owner, the most memory first, in which
 * every object is counted once; and the orphans.
 * @module
 */
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";
import type { NodeSnapshot, Table } from "./node_state.ts";
import type { ObjectOwnership, Orphan, Owner } from "./ownership.ts";
import {
  isKnown,
  mapMemlockBytes,
  mapMemoryBytes,
  programMemlockBytes,
  programMemoryBytes,
} from "./totals.ts";

/** Whose objects are that have no owner. */
export type Nobody =
  /** a pin keeps it, or something that a pin keeps */
  | "pinned"
  /** the kernel alone keeps it */
  | "orphan"
  /** the kernel's own, or a module's: BTF */
  | "kernel"
  /** nobody has looked, or found anything */
  | "unknown";

export interface OwnerGroup {
  readonly owner: Owner | Nobody;
  /** The owner holds none of these any more. */
  readonly gone: boolean;
  readonly objects: Readonly<Record<ObjectType, number>>;
  /** What the kernel accounts to maps and programs; of an object of which that is not known, its bytes by formula. */
  readonly memoryBytes: number;
}

export interface OrphanRow {
  readonly type: ObjectType;
  readonly description: Descriptions[ObjectType];
  readonly orphan: Orphan;
}

const NONE = new Float64Array();
const TYPES: readonly ObjectType[] = ["map", "program", "link", "btf"];

/** Every object of the tables that are known, by owner. An owner that is gone has an entry beside what it still holds. */
export function ownerGroups({ tables, holders }: NodeSnapshot): OwnerGroup[] {
  const groups = new Map<string, Writable>();
  for (const type of TYPES) {
    const table: Table<ObjectType> = tables[type] as Table<ObjectType>;
    const entries = type === "map" ? tables.map.columns.entries : NONE;
    table.descriptions.forEach((description, row) => {
      const known = table.ownership?.rows[row];
      const owner = known?.owner ?? nobody(type, description, known, holders);
      const gone = known?.ownerGoneAtMs !== undefined;
      const name = typeof owner === "string"
        ? owner
        : `${owner.pid} ${owner.startedAtMs} ${gone}`;
      let group = groups.get(name);
      if (group === undefined) {
        group = { owner, gone, objects: noObjects(), memoryBytes: 0 };
        groups.set(name, group);
      }
      group.objects[type]++;
      group.memoryBytes += memoryBytes(type, description, entries[row]);
    });
  }
  return [...groups.values()].sort((a, b) =>
    b.memoryBytes - a.memoryBytes || sum(b) - sum(a) || pid(a) - pid(b)
  );
}

/** All orphans, the oldest first. */
export function orphanRows({ tables }: NodeSnapshot): OrphanRow[] {
  return TYPES.flatMap((type) => {
    const table: Table<ObjectType> = tables[type] as Table<ObjectType>;
    return table.descriptions.flatMap((description, row) => {
      const orphan = table.ownership?.rows[row]?.orphan;
      return orphan === undefined ? [] : [{ type, description, orphan }];
    });
  }).sort((a, b) => a.orphan.sinceMs - b.orphan.sinceMs);
}

/** How many orphans a table has. Means nothing where HoldersState has a reason why not. */
export function orphanCount(
  { ownership }: Pick<Table<ObjectType>, "ownership">,
): number {
  let count = 0;
  for (const row of ownership?.rows ?? []) {
    if (row?.orphan !== undefined) count++;
  }
  return count;
}

/** Whether orphans of a table can be told. */
export function knowsOrphans(
  { holders }: NodeSnapshot,
  table: Pick<Table<ObjectType>, "status" | "type">,
): boolean {
  return holders !== undefined && holders.orphansReason === undefined &&
    holders.unknown[table.type] === undefined &&
    isKnown(table);
}

interface Writable extends OwnerGroup {
  readonly objects: Record<ObjectType, number>;
  memoryBytes: number;
}

function nobody(
  type: ObjectType,
  description: Descriptions[ObjectType],
  known: ObjectOwnership | undefined,
  holders: NodeSnapshot["holders"],
): Nobody {
  if (known?.orphan !== undefined) return "orphan";
  if (type === "btf" && (description as Descriptions["btf"]).kernel === true) {
    return "kernel";
  }
  if (known?.pinned === true) return "pinned";
  return holders?.graph.isPinnedAbove({ type, id: description.id }) === true &&
      known !== undefined
    ? "pinned"
    : "unknown";
}

function memoryBytes(
  type: ObjectType,
  description: Descriptions[ObjectType],
  entries: number,
): number {
  switch (type) {
    case "map": {
      const map = description as Descriptions["map"];
      return known(mapMemlockBytes(map, entries)) ?? mapMemoryBytes(map);
    }
    case "program": {
      const program = description as Descriptions["program"];
      return known(programMemlockBytes(program)) ?? programMemoryBytes(program);
    }
    default:
      return 0;
  }
}

function known(bytes: number): number | undefined {
  return Number.isNaN(bytes) ? undefined : bytes;
}

function noObjects(): Record<ObjectType, number> {
  return { map: 0, program: 0, link: 0, btf: 0 };
}

function sum({ objects }: OwnerGroup): number {
  return TYPES.reduce((all, type) => all + objects[type], 0);
}

function pid({ owner }: OwnerGroup): number {
  return typeof owner === "string" ? Infinity : owner.pid;
}
