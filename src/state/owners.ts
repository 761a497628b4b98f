/**
 * Owns who keeps each object alive, from pass to pass. In: passes of the links worker, and the rows of the tables whenever they
 * change. Out: for each row what the passes say of it. A pass speaks of ids; what it says goes to the object that had the id when
 * the pass was taken, never to a later one.
 *
 * An object is an orphan when two passes, neither of them cut short nor blind for pins, found nothing that keeps it, both begun
 * after it was first seen: what is on its way out, or on its way in, is none.
 * @module
 */
import type {
  HoldersPass,
  HoldingProcess,
} from "../../workers/links/holders_model.ts";
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";
import { cgroupIdentity } from "./cgroup_identity.ts";
import { HoldingGraph, type Reference } from "./holding_graph.ts";
import { sameObject } from "./identity.ts";
import {
  mayBeUnseenMap,
  mayBeUnseenProgram,
  orphanReason,
} from "./orphan_reason.ts";
import { rowOf } from "./row_search.ts";
import type {
  HoldersState,
  ObjectKey,
  ObjectOwnership,
  Owner,
  TableOwnership,
} from "./ownership.ts";
import { toldReferences } from "./told_references.ts";

/** The rows of a table, as TableState has them. Arrays are never changed once they were handed over. */
export interface OwnedRows<T extends ObjectType = ObjectType> {
  readonly descriptions: readonly Descriptions[T][];
  /** CLOCK_MONOTONIC at the start of the sample that saw each first. */
  readonly seenAtMs: Float64Array;
  /** The last sample was read to its end. */
  readonly sampled: boolean;
}

export type AllOwnedRows = { readonly [T in ObjectType]: OwnedRows<T> };

/** Two passes agree when the second begins at least so long after the first: freeing takes the kernel a moment. */
const LEAST_BETWEEN_MS = 500;
/** An object that a pass saw is in its table so soon after. */
const SEEN_WITHIN_MS = 2_000;
const TYPES: readonly ObjectType[] = ["map", "program", "link", "btf"];
/** No pass takes longer: it says nothing of who went away before. */
const LONGEST_PASS_MS = 60_000;
const NO_PASS_AGREES =
  "two passes over all processes must agree, and there were none yet";

interface TableMemory {
  descriptions: readonly Descriptions[ObjectType][];
  rows: (ObjectOwnership | undefined)[];
  revision: number;
  /** Ids that went away, by the time of the sample that missed them, while a pass may still speak of them. */
  readonly gone: Map<number, number>;
}

export class Owners {
  readonly #tables: Readonly<Record<ObjectType, TableMemory>> = {
    map: newMemory(),
    program: newMemory(),
    link: newMemory(),
    btf: newMemory(),
  };
  #state: HoldersState | undefined;
  #owners = new Map<string, { process: HoldingProcess; owner: Owner }>();
  /** The first of the passes without a break that can tell orphans, and the last. */
  #firstSoundMs: number | undefined;
  #lastSoundMs: number | undefined;

  /** The rows of a table changed: each that stayed keeps what is known of it. `atMs`: start of the sample. */
  rowsChanged<T extends ObjectType>(
    type: T,
    { descriptions, seenAtMs }: OwnedRows<T>,
    atMs: number,
  ): void {
    const memory = this.#tables[type];
    const before = memory.descriptions as readonly Descriptions[T][];
    if (before === descriptions) return;
    const rows: (ObjectOwnership | undefined)[] = new Array(
      descriptions.length,
    );
    let old = 0;
    for (let row = 0; row <= descriptions.length; row++) {
      const id = descriptions[row]?.id ?? Infinity;
      while (old < before.length && before[old].id < id) {
        memory.gone.set(before[old++].id, atMs);
      }
      if (row === descriptions.length) break;
      const stayed = before[old]?.id === id &&
        sameObject(type, before[old], descriptions[row]);
      if (stayed) rows[row] = memory.rows[old];
      else if (before[old]?.id === id) memory.gone.set(id, atMs);
      if (before[old]?.id === id) old++;
      if (!stayed) rows[row] = this.#ofNewcomer(type, id, seenAtMs[row]);
    }
    forgetBefore(memory.gone, atMs - LONGEST_PASS_MS);
    memory.descriptions = descriptions;
    memory.rows = rows;
    memory.revision++;
  }

  /** Takes up a pass. */
  take(pass: HoldersPass, tables: AllOwnedRows): void {
    const { takenAtMs } = pass;
    for (const type of TYPES) this.rowsChanged(type, tables[type], takenAtMs);
    const graph = new HoldingGraph({
      pass,
      owners: this.#ownersOf(pass.processes),
      references: references(tables),
      unseen: unseen(tables),
    });
    const orphansReason = this.#judge(pass, tables);
    this.#state = {
      takenAtMs,
      durationMs: pass.durationMs,
      descriptors: pass.descriptors,
      complete: pass.complete,
      processes: pass.processes.length,
      graph,
      ...(typeof pass.pins === "string" ? { pinsReason: pass.pins } : {}),
      ...(orphansReason === undefined ? {} : { orphansReason }),
    };
    for (const type of TYPES) this.#takeTable(type, pass, tables);
  }

  /** The last pass; undefined before the first. */
  get state(): HoldersState | undefined {
    return this.#state;
  }

  /** What is known of the rows of a table; undefined before the first pass. */
  of(type: ObjectType): TableOwnership | undefined {
    if (this.#state === undefined) return undefined;
    const { rows, revision } = this.#tables[type];
    return { rows, revision };
  }

  #takeTable(type: ObjectType, pass: HoldersPass, tables: AllOwnedRows): void {
    const memory = this.#tables[type];
    const { descriptions, seenAtMs } = tables[type];
    const { gone } = memory;
    memory.rows = descriptions.map((description, row) => {
      const isOlder = seenAtMs[row] <= pass.takenAtMs;
      // Who had the id when the pass was taken may have been somebody else.
      if (!isOlder && gone.has(description.id)) return undefined;
      return this.#ownership(
        { type, id: description.id },
        pass,
        memory.rows[row],
        isOlder && !isKernelBtf(type, description),
        tables,
      );
    });
    memory.revision++;
    forgetBefore(gone, pass.takenAtMs);
  }

  #ownership(
    key: ObjectKey,
    pass: HoldersPass,
    before: ObjectOwnership | undefined,
    mayBeOrphan: boolean,
    tables: AllOwnedRows,
  ): ObjectOwnership | undefined {
    const state = this.#state;
    if (state === undefined) return undefined;
    const { graph } = state;
    const unheldSinceMs = unheldSince(
      key,
      state,
      before?.unheldSinceMs,
      mayBeOrphan,
    );
    const isOrphan = unheldSinceMs !== undefined &&
      (before?.orphan !== undefined ||
        (isSound(pass) && pass.takenAtMs - unheldSinceMs >= LEAST_BETWEEN_MS));
    return {
      ...ownerOf(key, state, before),
      kept: graph.isKept(key),
      pinned: graph.isPinned(key),
      ...(unheldSinceMs === undefined ? {} : { unheldSinceMs }),
      ...(isOrphan && state.orphansReason === undefined
        ? {
          orphan: {
            ...orphanReason(key, {
              referredBy: (one) => graph.referredBy(one),
              describe: (one) => described(tables, one),
            }),
            sinceMs: unheldSinceMs,
          },
        }
        : {}),
    };
  }

  /** Of an object that is first seen now the last pass speaks, unless another one had its id. */
  #ofNewcomer(
    type: ObjectType,
    id: number,
    seenAtMs: number,
  ): ObjectOwnership | undefined {
    const state = this.#state;
    if (state === undefined || this.#tables[type].gone.has(id)) {
      return undefined;
    }
    const endedAtMs = state.takenAtMs + state.durationMs;
    if (seenAtMs > endedAtMs + SEEN_WITHIN_MS) return undefined;
    const key = { type, id };
    const holder = state.graph.ownerOf(key);
    const pinned = state.graph.isPinned(key);
    return holder === undefined && !pinned
      ? undefined
      : { ...holder, kept: true, pinned };
  }

  /** Why no orphan can be told after this pass; undefined where they can. */
  #judge(pass: HoldersPass, tables: AllOwnedRows): string | undefined {
    if (typeof pass.pins === "string") {
      this.#firstSoundMs = this.#lastSoundMs = undefined;
      return `pins cannot be read: ${pass.pins}`;
    }
    const missing = TYPES.find((type) =>
      type !== "btf" && !tables[type].sampled
    );
    if (missing !== undefined) {
      this.#firstSoundMs = this.#lastSoundMs = undefined;
      return `the ${missing}s could not be read`;
    }
    if (pass.complete) {
      this.#firstSoundMs ??= pass.takenAtMs;
      this.#lastSoundMs = pass.takenAtMs;
    }
    const { takenAtMs } = pass;
    const soundForMs = (this.#lastSoundMs ?? takenAtMs) -
      (this.#firstSoundMs ?? takenAtMs);
    return soundForMs >= LEAST_BETWEEN_MS ? undefined : NO_PASS_AGREES;
  }

  #ownersOf(processes: readonly HoldingProcess[]): Owner[] {
    const known = this.#owners;
    this.#owners = new Map();
    return processes.map((process) => {
      const name = `${process.pid} ${process.startedAtMs}`;
      const kept = known.get(name);
      const entry = kept !== undefined && alike(kept.process, process)
        ? kept
        : { process, owner: shown(process) };
      this.#owners.set(name, entry);
      return entry.owner;
    });
  }
}

function newMemory(): TableMemory {
  return { descriptions: [], rows: [], revision: 0, gone: new Map() };
}

function forgetBefore(gone: Map<number, number>, beforeMs: number): void {
  for (const [id, atMs] of gone) {
    if (atMs <= beforeMs) gone.delete(id);
  }
}

function isSound({ complete, pins }: HoldersPass): boolean {
  return complete && typeof pins !== "string";
}

/** The owner now, or who it was when nobody holds the object any more. */
function ownerOf(
  key: ObjectKey,
  { graph, takenAtMs, complete }: HoldersState,
  before: ObjectOwnership | undefined,
): Pick<ObjectOwnership, "owner" | "through" | "ownerGoneAtMs"> {
  const holder = graph.ownerOf(key);
  if (holder !== undefined) return holder;
  if (before?.owner === undefined) return {};
  const { owner, through } = before;
  // A pass that was cut short may just not have come to its process.
  const ownerGoneAtMs = before.ownerGoneAtMs ??
    (complete ? takenAtMs : undefined);
  return {
    owner,
    ...(through === undefined ? {} : { through }),
    ...(ownerGoneAtMs === undefined ? {} : { ownerGoneAtMs }),
  };
}

function unheldSince(
  key: ObjectKey,
  { graph, takenAtMs, complete, pinsReason }: HoldersState,
  before: number | undefined,
  mayBeOrphan: boolean,
): number | undefined {
  if (pinsReason !== undefined || !mayBeOrphan || graph.isKept(key)) {
    return undefined;
  }
  return before ?? (complete ? takenAtMs : undefined);
}

function isKernelBtf(
  type: ObjectType,
  description: Descriptions[ObjectType],
): boolean {
  if (type !== "btf") return false;
  const { kernel, name } = description as Descriptions["btf"];
  // Before 5.11 only the name tells it.
  return kernel ?? name !== "";
}

function* references(tables: AllOwnedRows): Generator<Reference> {
  for (const type of TYPES) {
    for (const description of tables[type].descriptions) {
      for (const { to } of toldReferences(type, description)) {
        yield { from: { type, id: description.id }, to };
      }
    }
  }
}

function* unseen({ program, map }: AllOwnedRows): Generator<ObjectKey> {
  for (const one of program.descriptions) {
    if (mayBeUnseenProgram(one)) yield { type: "program", id: one.id };
  }
  for (const one of map.descriptions) {
    if (mayBeUnseenMap(one)) yield { type: "map", id: one.id };
  }
}

function described(
  tables: AllOwnedRows,
  { type, id }: ObjectKey,
): Descriptions[ObjectType] | undefined {
  const { descriptions } = tables[type];
  const row = rowOf(descriptions, id);
  return row < 0 ? undefined : descriptions[row];
}

function alike(one: HoldingProcess, other: HoldingProcess): boolean {
  return one.comm === other.comm && one.uid === other.uid &&
    one.cgroups === other.cgroups;
}

function shown(
  { pid, startedAtMs, comm, uid, cgroups }: HoldingProcess,
): Owner {
  return { pid, startedAtMs, comm, uid, ...cgroupIdentity(cgroups) };
}
