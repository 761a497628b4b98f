/**
 * Owns the JSON of owners and orphans as wholes, which `once --by owner` prints. In: one instant of the node. Out: one document,
 * an owner or an orphan a line.
 * @module
 */
import type { NodeSnapshot } from "../../state/node_state.ts";
import {
  type OrphanRow,
  orphanRows,
  type OwnerGroup,
  ownerGroups,
} from "../../state/owner_groups.ts";
import { arrayPieces, jsonText } from "./json_text.ts";
import { holdersJson, ownerJson } from "./owned.ts";
import type { Revisions } from "./revisions.ts";
import { nameOf } from "./rows.ts";

export function ownersText(
  snapshot: NodeSnapshot,
  revisions: Revisions,
  version: string,
): string {
  const { holders } = snapshot;
  const head = { version, holders: holdersJson(snapshot, revisions) };
  // An empty list of orphans would say that there are none.
  const orphans = holders === undefined || holders.orphansReason !== undefined
    ? []
    : [
      ',"orphans":',
      ...arrayPieces(
        orphanRows(snapshot).map((row) => orphanJson(row, revisions)),
      ),
    ];
  return [
    jsonText(head).slice(0, -1),
    ',"owners":',
    ...arrayPieces(ownerGroups(snapshot).map(groupJson)),
    ...orphans,
    "}\n",
  ].join("");
}

/** `nobody` says why objects have no owner. */
function groupJson({ owner, gone, objects, memoryBytes }: OwnerGroup): object {
  return {
    ...(typeof owner === "string" ? { nobody: owner } : {
      owner: ownerJson({
        owner,
        kept: !gone,
        pinned: false,
        ...(gone ? { ownerGoneAtMs: 0 } : {}),
      }),
    }),
    memory_bytes: memoryBytes,
    programs: objects.program,
    maps: objects.map,
    links: objects.link,
    btf: objects.btf,
  };
}

function orphanJson(
  { type, description, orphan }: OrphanRow,
  revisions: Revisions,
): object {
  return {
    object_type: type,
    id: description.id,
    name: "name" in description ? nameOf(description.name) : undefined,
    kept_by: orphan.keptBy,
    reason: orphan.reason.toWellFormed(),
    since: revisions.wallTime(orphan.sinceMs),
  };
}
