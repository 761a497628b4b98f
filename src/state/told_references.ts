/**
 * Owns what an object's own description says that it refers to. In: a description. Out: the objects, and what it does with each.
 * A new kind of reference is one more line here.
 * @module
 */
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";
import type { ObjectKey } from "./ownership.ts";

/** Calls `tell` for each object that `description` refers to; allocates nothing. */
export function eachTold<T extends ObjectType>(
  type: T,
  description: Descriptions[T],
  tell: (to: ObjectType, id: number, relation: string) => void,
): void {
  EACH[type](description, tell);
}

type Tell = Parameters<typeof eachTold>[2];

const EACH: {
  readonly [T in ObjectType]: (
    description: Descriptions[T],
    tell: Tell,
  ) => void;
} = {
  link({ programId, target }, tell) {
    // No program has the id 0.
    if (programId > 0) tell("program", programId, "runs");
    const map = mapIn(target);
    if (map !== undefined) tell("map", map, "attached_to");
  },
  program: tellBtf,
  map: tellBtf,
  btf() {},
};

function tellBtf({ btfId = 0 }: { readonly btfId?: number }, tell: Tell): void {
  if (btfId > 0) tell("btf", btfId, "described_by");
}

export interface ToldReference {
  /** What the object does with the other, as `runs`. */
  readonly relation: string;
  readonly to: ObjectKey;
}

/** What `description` refers to. */
export function toldReferences<T extends ObjectType>(
  type: T,
  description: Descriptions[T],
): ToldReference[] {
  const told: ToldReference[] = [];
  eachTold(type, description, (to, id, relation) => {
    told.push({ relation, to: { type: to, id } });
  });
  return told;
}

function mapIn(target: string | undefined): number | undefined {
  if (target?.startsWith("map:") !== true) return undefined;
  const [, id] = /^map:(\d+)$/.exec(target) ?? [];
  return id === undefined ? undefined : Number(id);
}
