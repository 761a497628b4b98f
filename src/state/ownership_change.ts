/**
 * Owns how what is known of an object's owner is renewed. In: what was known, what was found. Out: the same value where both say the
 * same, so that a look which finds nothing new leaves nothing behind.
 * @module
 */
import type { ObjectOwnership } from "./ownership.ts";

/** Every field, where ObjectOwnership leaves out those that are undefined. */
export type Found =
  & {
    readonly [K in keyof ObjectOwnership]-?: ObjectOwnership[K] | undefined;
  }
  & Pick<ObjectOwnership, "kept" | "pinned">;

/** What was found, or the value of before where that says the same. */
export function unlessSame(
  before: ObjectOwnership | undefined,
  found: Found,
): ObjectOwnership {
  if (before !== undefined && isSame(before, found)) return before;
  const { owner, through, ownerGoneAtMs, kept, pinned } = found;
  const { unheldSinceMs, orphan } = found;
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(through === undefined ? {} : { through }),
    ...(ownerGoneAtMs === undefined ? {} : { ownerGoneAtMs }),
    kept,
    pinned,
    ...(unheldSinceMs === undefined ? {} : { unheldSinceMs }),
    ...(orphan === undefined ? {} : { orphan }),
  };
}

function isSame(one: ObjectOwnership, other: Found): boolean {
  return one.owner === other.owner && one.kept === other.kept &&
    one.pinned === other.pinned && one.orphan === other.orphan &&
    one.ownerGoneAtMs === other.ownerGoneAtMs &&
    one.unheldSinceMs === other.unheldSinceMs &&
    one.through?.id === other.through?.id &&
    one.through?.type === other.through?.type;
}
