/**
 * Owns a node without workers for tests of ownership. In: which objects there are, and passes over who holds them. Out: what is known
 * of each object.
 * @module
 */
import type { Descriptions, ObjectType } from "../../../../workers/protocol.ts";
import type {
  AllOwnedRows,
  OwnedRows,
} from "../../../../src/state/owned_rows.ts";
import { Owners } from "../../../../src/state/owners.ts";
import type { ObjectOwnership } from "../../../../src/state/ownership.ts";
import { rowOf } from "../../../../src/state/row_search.ts";
import {
  aPass,
  keyOf,
  type Named,
  type PassGiven,
} from "../../../pass_builders.ts";
import { aBtf, aLink, aMap, aProgram } from "../../../state_builders.ts";

type AnyDescription = Descriptions[ObjectType];

const BUILDERS = { map: aMap, program: aProgram, link: aLink, btf: aBtf };
const TYPES: readonly ObjectType[] = ["map", "program", "link", "btf"];

/** An object, or one with what matters of it. */
export type ObjectGiven = Named | readonly [Named, Partial<AnyDescription>];

export class OwnedNode {
  readonly owners = new Owners();
  #tables: Record<ObjectType, OwnedRows> = {
    map: noRows(),
    program: noRows(),
    link: noRows(),
    btf: noRows(),
  };

  /** From a sample that began at `atMs` on there are these objects, and no others. */
  sample(atMs: number, ...objects: readonly ObjectGiven[]): this {
    for (const type of TYPES) {
      const before = this.#tables[type];
      const descriptions = objects.flatMap((given) => {
        const [named, fields] = typeof given === "string" ? [given, {}] : given;
        const key = keyOf(named);
        return key.type === type
          ? [BUILDERS[type]({ id: key.id, ...fields } as never)]
          : [];
      }).sort((a, b) => a.id - b.id);
      const seenAtMs = Float64Array.from(descriptions, ({ id, identity }) => {
        const row = rowOf(before.descriptions, id);
        return before.descriptions[row]?.identity === identity
          ? before.seenAtMs[row]
          : atMs;
      });
      this.#tables[type] = { descriptions, seenAtMs, sampled: true };
      this.owners.rowsChanged(type, this.#tables[type], atMs);
    }
    return this;
  }

  /** The last sample of a table failed. */
  stale(type: ObjectType): this {
    this.#tables[type] = { ...this.#tables[type], sampled: false };
    return this;
  }

  pass(takenAtMs: number, given: PassGiven = {}): this {
    this.owners.take(
      aPass({ takenAtMs, ...given }),
      this.#tables as unknown as AllOwnedRows,
    );
    return this;
  }

  /** What is known of an object that is there. */
  of(named: Named): ObjectOwnership | undefined {
    const { type, id } = keyOf(named);
    const row = rowOf(this.#tables[type].descriptions, id);
    if (row < 0) throw new Error(`There is no ${named}`);
    return this.owners.of(type)?.rows[row];
  }

  /** The owner's pid, negative once it is gone; undefined for none. */
  ownerOf(named: Named): number | undefined {
    const { owner, ownerGoneAtMs } = this.of(named) ?? {};
    return owner && (ownerGoneAtMs === undefined ? owner.pid : -owner.pid);
  }

  /** Ids of orphans, as they are named. */
  orphans(): Named[] {
    return TYPES.flatMap((type) =>
      this.#tables[type].descriptions.flatMap(({ id }, row) =>
        this.owners.of(type)?.rows[row]?.orphan === undefined
          ? []
          : [`${type} ${id}` as const]
      )
    );
  }
}

function noRows(): OwnedRows {
  return { descriptions: [], seenAtMs: new Float64Array(0), sampled: true };
}
