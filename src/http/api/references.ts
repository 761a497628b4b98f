/**
 * Owns which objects refer to which, as the API tells it. In: one instant of the node, and an object. Out: what it refers to and
 * what refers to it, by the tables' own descriptions (told_references.ts) and by the last look at what keeps objects alive.
 * @module
 */
import type { Descriptions, ObjectType } from "../../../workers/protocol.ts";
import type { NodeSnapshot } from "../../state/node_state.ts";
import type { ObjectKey } from "../../state/ownership.ts";
import { rowOf } from "../../state/row_search.ts";
import { toldReferences } from "../../state/told_references.ts";
import { nameOf } from "./rows.ts";
import type { ReferenceJson } from "./schemas.ts";

/** What an object does with one that it keeps alive, where no description tells it. */
const KEEPS: Readonly<Record<string, string>> = {
  "program map": "uses",
  "program program": "attached_to",
  "map map": "contains",
  "map program": "calls",
  "link program": "runs",
  "link map": "attached_to",
};

/** Those that refer to an object, by type, in the order that they are shown. */
const REFERRERS = ["link", "program", "map"] as const;

/** What the object in row `row` of the table of type `type` refers to. */
export function refersTo(
  { tables, holders }: NodeSnapshot,
  type: ObjectType,
  row: number,
): ReferenceJson[] {
  const { descriptions, ownership } = tables[type];
  const key = { type, id: descriptions[row].id };
  const found = toldReferences(type, descriptions[row]).map((
    { relation, to },
  ) => reference(tables, relation, to));
  // What the look says of the id is said of another object where it knows nothing of this one.
  const kept = ownership?.rows[row] && holders?.graph.refersTo(key);
  for (const to of kept ?? []) add(found, tables, relationOf(key, to), to);
  return found;
}

/** What refers to the object in row `row` of the table of type `type`. */
export function referredBy(
  { tables, holders }: NodeSnapshot,
  type: ObjectType,
  row: number,
): ReferenceJson[] {
  const { descriptions, ownership } = tables[type];
  const key = { type, id: descriptions[row].id };
  const found: ReferenceJson[] = [];
  for (const from of REFERRERS) {
    for (const description of tables[from].descriptions) {
      for (const { relation, to } of toldReferences(from, description)) {
        if (to.type !== type || to.id !== key.id) continue;
        found.push(
          reference(tables, relation, { type: from, id: description.id }),
        );
      }
    }
  }
  const kept = ownership?.rows[row] && holders?.graph.referredBy(key);
  for (const from of kept ?? []) {
    add(found, tables, relationOf(from, key), from);
  }
  return found.sort((a, b) => place(a) - place(b) || a.id - b.id);
}

function place({ object_type }: ReferenceJson): number {
  return REFERRERS.findIndex((type) => type === object_type);
}

function relationOf(from: ObjectKey, to: ObjectKey): string {
  if (to.type === "btf") return "described_by";
  return KEEPS[`${from.type} ${to.type}`] ?? "refers_to";
}

/** Adds a reference that is not there yet by any name. */
function add(
  found: ReferenceJson[],
  tables: NodeSnapshot["tables"],
  relation: string,
  key: ObjectKey,
): void {
  const isThere = found.some(({ object_type, id }) =>
    object_type === key.type && id === key.id
  );
  if (!isThere) found.push(reference(tables, relation, key));
}

function reference(
  tables: NodeSnapshot["tables"],
  relation: string,
  { type, id }: ObjectKey,
): ReferenceJson {
  const descriptions: readonly Descriptions[ObjectType][] =
    tables[type].descriptions;
  const description = descriptions[rowOf(descriptions, id)];
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
