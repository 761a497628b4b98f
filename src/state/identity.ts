/**
 * Owns when two descriptions are of one object. In: two descriptions of one type and id. Out: yes or no.
 * @module
 */
import type { LinkDescription } from "../../workers/links/model.ts";
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";

/**
 * Whether `later` describes the object that `earlier` did. An object is its id and the fields of it that never change; a link
 * may also lose what it was attached to (its device is removed, say), or be given another map of operations (struct_ops), without
 * becoming another link.
 */
export function sameObject<T extends ObjectType>(
  type: T,
  earlier: Descriptions[T],
  later: Descriptions[T],
): boolean {
  if (earlier.identity !== later.identity) return false;
  if (type !== "link") return true;
  const before = earlier as LinkDescription;
  const now = later as LinkDescription;
  return now.target === before.target || now.detached === true ||
    now.type === "struct_ops";
}
