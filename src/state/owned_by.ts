/**
 * Owns how objects are chosen by owner. In: one instant of the node, what a person calls an owner. Out: whether a row is among its
 * objects: those that it holds, directly or through others, and those whose last known owner it was.
 * @module
 */
import type { ObjectType } from "../../workers/protocol.ts";
import type { NodeSnapshot } from "./node_state.ts";
import type { Owner } from "./ownership.ts";

/** As many digits as runtimes show of a container's id. */
const SHORT_ID_DIGITS = 12;

/** @param text a comm, a pid in decimal, or a container's id, whole or at least its first 12 digits */
export function ownedBy(
  { tables, holders }: NodeSnapshot,
  type: ObjectType,
  text: string,
): (row: number) => boolean {
  const isMeant = isOwner(text);
  const isHeld = holders?.graph.heldBy(isMeant) ?? (() => false);
  const { descriptions, ownership } = tables[type];
  return (row) => {
    const known = ownership?.rows[row];
    if (known === undefined) return false;
    return (known.owner !== undefined && isMeant(known.owner)) ||
      isHeld({ type, id: descriptions[row].id });
  };
}

function isOwner(text: string): (owner: Owner) => boolean {
  const mayBeShortId = /^[0-9a-f]+$/.test(text) &&
    text.length >= SHORT_ID_DIGITS;
  return ({ comm, pid, containerId }) =>
    comm === text || `${pid}` === text || containerId === text ||
    (mayBeShortId && containerId.startsWith(text));
}
