/**
 * Owns what the tables bring to a look at what keeps objects alive: their ids, the references that their rows tell, what no look can
 * see. In: rows, as TableState has them. Out: plain values and calls.
 * @module
 */
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";
import type { Refer } from "./holding_graph.ts";
import { TYPES_BY_NUMBER } from "./object_nodes.ts";
import { mayBeUnseenMap, mayBeUnseenProgram } from "./orphan_reason.ts";
import type { ObjectKey } from "./ownership.ts";
import { rowOf } from "./row_search.ts";
import { eachTold } from "./told_references.ts";

/** The rows of a table, as TableState has them. Arrays are never changed once they were handed over. */
export interface OwnedRows<T extends ObjectType = ObjectType> {
  readonly descriptions: readonly Descriptions[T][];
  /** CLOCK_MONOTONIC at the start of the sample that saw each first. */
  readonly seenAtMs: Float64Array;
  /** The last sample was read to its end. */
  readonly sampled: boolean;
}

export type AllOwnedRows = { readonly [T in ObjectType]: OwnedRows<T> };

/** BTF of the kernel and of modules: nobody keeps it. */
export function isKernelBtf(
  type: ObjectType,
  description: Descriptions[ObjectType],
): boolean {
  if (type !== "btf") return false;
  const { kernel, name } = description as Descriptions["btf"];
  // Before 5.11 only the name tells it.
  return kernel ?? name !== "";
}

/** Ids of the rows. */
export function idsOf(
  descriptions: readonly { readonly id: number }[],
): Uint32Array {
  const ids = new Uint32Array(descriptions.length);
  for (let row = 0; row < ids.length; row++) ids[row] = descriptions[row].id;
  return ids;
}

/** Tells the references that descriptions have. */
export function tellReferences(tables: AllOwnedRows, refer: Refer): void {
  for (const type of TYPES_BY_NUMBER) {
    for (const description of tables[type].descriptions) {
      const { id } = description;
      eachTold(type, description, (to, toId) => refer(type, id, to, toId));
    }
  }
}

/** Tells what a process may keep without a descriptor that a look sees. */
export function tellUnseen(
  { program, map }: AllOwnedRows,
  keep: (type: ObjectType, id: number) => void,
): void {
  for (const one of program.descriptions) {
    if (mayBeUnseenProgram(one)) keep("program", one.id);
  }
  for (const one of map.descriptions) {
    if (mayBeUnseenMap(one)) keep("map", one.id);
  }
}

/** The description of an object that is in the tables. */
export function described(
  tables: AllOwnedRows,
  { type, id }: ObjectKey,
): Descriptions[ObjectType] | undefined {
  const { descriptions } = tables[type];
  const row = rowOf(descriptions, id);
  return row < 0 ? undefined : descriptions[row];
}
