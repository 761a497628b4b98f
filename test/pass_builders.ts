/**
 * Owns builders of looks at what keeps objects alive, for tests. In: what matters, objects as `map 12`. Out: HoldersPass as the
 * links worker sends it, and snapshots with what such looks say of them.
 * @module
 */
import {
  HELD_TYPES,
  type HoldersPass,
  type HoldingProcess,
} from "../workers/links/holders_model.ts";
import type { ObjectType } from "../workers/protocol.ts";
import type { NodeSnapshot } from "../src/state/node_state.ts";
import type { OwnedRows } from "../src/state/owned_rows.ts";
import { Owners } from "../src/state/owners.ts";
import type { ObjectKey } from "../src/state/ownership.ts";

/** As `map 12`. */
export type Named = `${ObjectType} ${number}`;

export interface ProcessGiven extends Partial<HoldingProcess> {
  readonly holds?: readonly Named[];
}

export interface PassGiven
  extends Partial<Omit<HoldersPass, "processes" | "references" | "pins">> {
  readonly processes?: readonly ProcessGiven[];
  /** Who refers, and to what. */
  readonly references?: readonly (readonly [Named, Named])[];
  readonly pins?: readonly (readonly [Named, string])[] | string;
}

export function keyOf(named: Named): ObjectKey {
  const [type, id] = named.split(" ");
  return { type: type as ObjectType, id: Number(id) };
}

export function aPass(
  { processes = [], references = [], pins = [], ...given }: PassGiven = {},
): HoldersPass {
  const word = (named: Named) => {
    const { type, id } = keyOf(named);
    return [HELD_TYPES.indexOf(type), id];
  };
  return {
    takenAtMs: 1_000,
    durationMs: 2,
    descriptors: 40,
    complete: true,
    processes: processes.map(({ holds: _, ...process }, i) => ({
      pid: 100 + i,
      startedAtMs: 10 * (i + 1),
      comm: `holder${i + 1}`,
      uid: 0,
      cgroups: "0::/system.slice/holder.service\n",
      ...process,
    })),
    holds: Uint32Array.from(
      processes.flatMap(({ holds = [] }, i) =>
        holds.flatMap((named) => [i, ...word(named)])
      ),
    ),
    references: Uint32Array.from(
      references.flatMap(([from, to]) => [...word(from), ...word(to)]),
    ),
    pins: typeof pins === "string"
      ? pins
      : pins.map(([named, path]) => ({ ...keyOf(named), path })),
    ...given,
  };
}

/** The same node as it is known after these passes; all of its objects were there before. */
export function withHolders(
  snapshot: NodeSnapshot,
  ...passes: readonly HoldersPass[]
): NodeSnapshot {
  const { map, program, link, btf } = snapshot.tables;
  const owners = new Owners();
  const rows = {
    map: ownedRows<"map">(map),
    program: ownedRows<"program">(program),
    link: ownedRows<"link">(link),
    btf: ownedRows<"btf">(btf),
  };
  for (const pass of passes) owners.take(pass, rows);
  const holders = owners.state;
  const owned = <T extends ObjectType>(type: T) => {
    const ownership = owners.of(type);
    return ownership === undefined ? {} : { ownership };
  };
  return {
    tables: {
      map: { ...map, ...owned("map") },
      program: { ...program, ...owned("program") },
      link: { ...link, ...owned("link") },
      btf: { ...btf, ...owned("btf") },
    },
    ...(holders === undefined ? {} : { holders }),
  };
}

function ownedRows<T extends ObjectType>(
  { descriptions }: { readonly descriptions: OwnedRows<T>["descriptions"] },
): OwnedRows<T> {
  const seenAtMs = new Float64Array(descriptions.length);
  return { descriptions, seenAtMs, sampled: true };
}
