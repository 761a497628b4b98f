/**
 * Owns what an object's own description says that it refers to. In: a description. Out: the objects, and what it does with each.
 * A new kind of reference is one more line here.
 * @module
 */
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";
import type { ObjectKey } from "./ownership.ts";

export interface ToldReference {
  /** What the object does with the other, as `runs`. */
  readonly relation: string;
  readonly to: ObjectKey;
}

const TOLD: {
  readonly [T in ObjectType]: (
    description: Descriptions[T],
  ) => readonly (readonly [string, ObjectType, number | undefined])[];
} = {
  link: ({ programId, target }) => [
    // No program has the id 0.
    ["runs", "program", programId || undefined],
    ["attached_to", "map", mapIn(target)],
  ],
  program: ({ btfId }) => [["described_by", "btf", btfId || undefined]],
  map: ({ btfId }) => [["described_by", "btf", btfId || undefined]],
  btf: () => [],
};

/** What `description` refers to. */
export function toldReferences<T extends ObjectType>(
  type: T,
  description: Descriptions[T],
): ToldReference[] {
  return TOLD[type](description).flatMap(([relation, to, id]) =>
    id === undefined ? [] : [{ relation, to: { type: to, id } }]
  );
}

function mapIn(target: string | undefined): number | undefined {
  const [, id] = /^map:(\d+)$/.exec(target ?? "") ?? [];
  return id === undefined ? undefined : Number(id);
}
