/**
 * Owns how what keeps objects alive becomes JSON. In: frozen tables and the last look at that. Out: plain values as
 * ownership_schemas.ts has them; what is not known is left out.
 * @module
 */
import type { ObjectType } from "../../../workers/protocol.ts";
import type { Holder } from "../../state/holding_graph.ts";
import type { NodeSnapshot } from "../../state/node_state.ts";
import type { ObjectOwnership, Owner } from "../../state/ownership.ts";
import { knowsOrphans, orphanCount } from "../../state/owner_groups.ts";
import type {
  HolderJson,
  HoldersJson,
  OwnerJson,
  OwnershipJson,
} from "./ownership_schemas.ts";
import type { Revisions } from "./revisions.ts";
import { OBJECT_TYPES } from "./schema_parts.ts";

/** On its way to JSON: a field that is undefined vanishes when it is written. */
export type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** The owner as lists show it. */
export function ownerJson(
  ownership: ObjectOwnership | undefined,
): OwnerJson | undefined {
  if (ownership?.owner === undefined) return undefined;
  const { owner, through, ownerGoneAtMs } = ownership;
  return {
    ...holderJson({ owner, ...(through === undefined ? {} : { through }) }),
    ...(ownerGoneAtMs === undefined ? {} : { gone: true }),
  };
}

/** Everything about the object in row `row`. */
export function ownershipJson(
  { tables, holders, holdersReason }: NodeSnapshot,
  type: ObjectType,
  row: number,
  revisions: Revisions,
): Loose<OwnershipJson> {
  const { descriptions, ownership } = tables[type];
  const known = ownership?.rows[row];
  if (holders === undefined) {
    return {
      reason: holdersReason ??
        "nobody has looked at what keeps objects alive",
    };
  }
  const head = {
    taken_at: revisions.wallTime(holders.takenAtMs),
    complete: holders.complete,
  };
  if (known === undefined) {
    return { ...head, reason: "the last look began before it was there" };
  }
  const { pinsReason, orphansReason, graph } = holders;
  const key = { type, id: descriptions[row].id };
  const { direct, indirect } = graph.holdersOf(key);
  const { ownerGoneAtMs, orphan } = known;
  return {
    ...head,
    owner: ownerJson(known),
    owner_gone_since: ownerGoneAtMs === undefined
      ? undefined
      : revisions.wallTime(ownerGoneAtMs),
    holders: [...direct, ...indirect].map(holderJson),
    pins: pinsReason === undefined
      ? graph.pinsOf(key).map((path) => path.toWellFormed())
      : undefined,
    pins_reason: pinsReason,
    orphan: orphan && {
      kept_by: orphan.keptBy,
      reason: orphan.reason.toWellFormed(),
      since: revisions.wallTime(orphan.sinceMs),
    },
    orphan_reason: orphansReason ?? holders.unknown[type],
  };
}

/** The last look as a whole; undefined before the first. */
export function holdersJson(
  { tables, holders }: NodeSnapshot,
  revisions: Revisions,
): Loose<HoldersJson> | undefined {
  if (holders === undefined) return undefined;
  const counts = OBJECT_TYPES.filter((type) =>
    knowsOrphans({ tables, holders }, tables[type])
  ).map((type) => [type, orphanCount(tables[type])]);
  return {
    taken_at: revisions.wallTime(holders.takenAtMs),
    duration_ms: holders.durationMs,
    descriptors: holders.descriptors,
    processes: holders.processes,
    complete: holders.complete,
    pins_reason: holders.pinsReason,
    orphans_reason: holders.orphansReason,
    orphans: holders.orphansReason === undefined
      ? Object.fromEntries(counts)
      : undefined,
  };
}

function holderJson({ owner, through }: Holder): HolderJson {
  return {
    ...processJson(owner),
    ...(through === undefined
      ? {}
      : { through: { object_type: through.type, id: through.id } }),
  };
}

function processJson(owner: Owner): HolderJson {
  const { pid, comm, uid, startedAtMs, containerId, podUid, unit } = owner;
  return {
    pid,
    comm: comm.toWellFormed(),
    uid,
    start_time_ms: Math.round(startedAtMs),
    ...(containerId === "" ? {} : { container_id: containerId }),
    ...(podUid === "" ? {} : { pod_uid: podUid }),
    ...(unit === "" ? {} : { unit }),
  };
}
