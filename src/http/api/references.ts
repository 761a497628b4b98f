/**
 * Owns which objects refer to which. In: one instant of the node, and an object. Out: what it refers to and what refers to it,
 * as far as the tables tell. A new kind of reference is one more line of RELATIONS.
 * @module
 */
import type { Descriptions, ObjectType } from "../../../workers/protocol.ts";
import type { NodeSnapshot } from "../../state/node_state.ts";
import { nameOf } from "./rows.ts";
import type { ReferenceJson } from "./schemas.ts";

interface Relation {
  /** What `from` does with `to`. */
  readonly name: string;
  readonly from: ObjectType;
  readonly to: ObjectType;
  /** Of the object that it refers to; undefined for none. */
  idOf(description: Descriptions[ObjectType]): number | undefined;
}

const RELATIONS: readonly Relation[] = [
  // No program has the id 0.
  relation("runs", "link", "program", (link) => link.programId || undefined),
  relation("attached_to", "link", "map", ({ target }) => {
    const [, id] = /^map:(\d+)$/.exec(target ?? "") ?? [];
    return id === undefined ? undefined : Number(id);
  }),
  relation("described_by", "program", "btf", (program) => program.btfId),
  relation("described_by", "map", "btf", (map) => map.btfId),
];

function relation<T extends ObjectType>(
  name: string,
  from: T,
  to: ObjectType,
  idOf: (description: Descriptions[T]) => number | undefined,
): Relation {
  return {
    name,
    from,
    to,
    idOf: (description) => idOf(description as Descriptions[T]),
  };
}

type Tables = NodeSnapshot["tables"];

/** What `description`, an object of type `type`, refers to. */
export function refersTo(
  tables: Tables,
  type: ObjectType,
  description: Descriptions[ObjectType],
): ReferenceJson[] {
  return RELATIONS.flatMap(({ name, from, to, idOf }) => {
    const id = from === type ? idOf(description) : undefined;
    if (id === undefined) return [];
    const row = rowOf(tables[to].descriptions, id);
    return [reference(name, to, id, tables[to].descriptions[row])];
  });
}

/** What refers to object `id` of type `type`. */
export function referredBy(
  tables: Tables,
  type: ObjectType,
  id: number,
): ReferenceJson[] {
  const found: ReferenceJson[] = [];
  for (const { name, from, to, idOf } of RELATIONS) {
    if (to !== type) continue;
    for (const description of tables[from].descriptions) {
      if (idOf(description) !== id) continue;
      found.push(reference(name, from, description.id, description));
    }
  }
  return found;
}

function reference(
  relation: string,
  type: ObjectType,
  id: number,
  description: Descriptions[ObjectType] | undefined,
): ReferenceJson {
  const name = description !== undefined && "name" in description
    ? nameOf(description.name)
    : undefined;
  return {
    relation,
    object_type: type,
    id,
    ...(name === undefined ? {} : { name }),
  };
}

/** Row of the object with `id`, or -1; rows are in ascending id. */
export function rowOf(
  descriptions: readonly { readonly id: number }[],
  id: number,
): number {
  let low = 0;
  let high = descriptions.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = descriptions[middle].id;
    if (found === id) return middle;
    if (found < id) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
