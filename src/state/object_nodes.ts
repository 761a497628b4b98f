/**
 * Owns the numbers of objects within one look: those of the tables by type and row, then others that the look names (the agent's
 * own, those that a table does not show yet). In: the ids of the tables. Out: a number for each object, and back.
 * @module
 */
import type { ObjectType } from "../../workers/protocol.ts";
import type { ObjectKey } from "./ownership.ts";

/** Numbers of types in a pass: the index here. */
export const TYPES_BY_NUMBER: readonly ObjectType[] = [
  "map",
  "program",
  "link",
  "btf",
];

export class ObjectNodes {
  readonly #ids: readonly Uint32Array[];
  /** Number of the first row of each type. */
  readonly #bases: readonly number[];
  /** By type number times 2^32 plus id. */
  readonly #others = new Map<number, number>();
  readonly #otherKeys: ObjectKey[] = [];
  readonly #rows: number;

  /** @param ids of each type by its number, ascending */
  constructor(ids: readonly Uint32Array[]) {
    this.#ids = ids;
    let rows = 0;
    this.#bases = ids.map(({ length }) => {
      rows += length;
      return rows - length;
    });
    this.#rows = rows;
  }

  get size(): number {
    return this.#rows + this.#otherKeys.length;
  }

  /** The number of a row of a table. */
  ofRow(typeNumber: number, row: number): number {
    return this.#bases[typeNumber] + row;
  }

  /** -1 where nobody has named the object. */
  find(typeNumber: number, id: number): number {
    const ids = this.#ids[typeNumber];
    let low = 0;
    let high = ids.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (ids[middle] === id) return this.#bases[typeNumber] + middle;
      if (ids[middle] < id) low = middle + 1;
      else high = middle - 1;
    }
    return this.#others.get(typeNumber * 2 ** 32 + id) ?? -1;
  }

  findKey({ type, id }: ObjectKey): number {
    return this.find(TYPES_BY_NUMBER.indexOf(type), id);
  }

  /** The number of an object, which it is given where it has none; -1 for a type that there is not. */
  name(typeNumber: number, id: number): number {
    const type = TYPES_BY_NUMBER[typeNumber];
    if (type === undefined) return -1;
    const known = this.find(typeNumber, id);
    if (known >= 0) return known;
    const node = this.size;
    this.#others.set(typeNumber * 2 ** 32 + id, node);
    this.#otherKeys.push({ type, id });
    return node;
  }

  keyOf(node: number): ObjectKey {
    if (node >= this.#rows) return this.#otherKeys[node - this.#rows];
    let typeNumber = TYPES_BY_NUMBER.length - 1;
    while (this.#bases[typeNumber] > node) typeNumber--;
    return {
      type: TYPES_BY_NUMBER[typeNumber],
      id: this.#ids[typeNumber][node - this.#bases[typeNumber]],
    };
  }
}
