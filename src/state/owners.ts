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
import { HoldingGraph } from "./holding_graph.ts";
import { TYPES_BY_NUMBER } from "./object_nodes.ts";
import { sameObject } from "./identity.ts";
import { sameLook, sameProcess } from "./same_look.ts";
import {
  type AllOwnedRows,
  described,
  idsOf,
  isKernelBtf,
  type OwnedRows,
  tellReferences,
  tellUnseen,
} from "./owned_rows.ts";
import { unlessSame } from "./ownership_change.ts";
import { orphanReason } from "./orphan_reason.ts";
import type {
  HoldersState,
  ObjectKey,
  ObjectOwnership,
  Orphan,
  Owner,
  TableOwnership,
} from "./ownership.ts";

/** Two passes agree when the second begins at least so long after the first: freeing takes the kernel a moment. */
const LEAST_BETWEEN_MS = 500;
/** An object that a pass saw is in its table so soon after. */
const SEEN_WITHIN_MS = 2_000;
const TYPES = TYPES_BY_NUMBER;
/** No pass takes longer: it says nothing of who went away before. */
const LONGEST_PASS_MS = 60_000;
const NO_PASS_AGREES =
  "two looks at all processes must agree, and there were not two yet";

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
  #last:
    | {
      readonly pass: HoldersPass;
      readonly descriptions: readonly (readonly Descriptions[ObjectType][])[];
      readonly graph: HoldingGraph;
    }
    | undefined;
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
    const graph = this.#graphOf(pass, tables);
    const orphansReason = this.#judge(pass, tables);
    const state: HoldersState = {
      takenAtMs,
      durationMs: pass.durationMs,
      descriptors: pass.descriptors,
      complete: pass.complete,
      processes: pass.processes.length,
      unknown: pass.unknown ?? {},
      graph,
      ...(typeof pass.pins === "string" ? { pinsReason: pass.pins } : {}),
      ...(orphansReason === undefined ? {} : { orphansReason }),
    };
    this.#state = state;
    for (const type of TYPES) this.#takeTable(type, pass, tables, state);
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

  /** The graph of the pass before, where this one found the same in the same tables. */
  #graphOf(pass: HoldersPass, tables: AllOwnedRows): HoldingGraph {
    const descriptions = TYPES.map((type) => tables[type].descriptions);
    const last = this.#last;
    const isSame = last !== undefined && sameLook(last.pass, pass) &&
      descriptions.every((rows, i) => rows === last.descriptions[i]);
    const graph = isSame ? last.graph : new HoldingGraph({
      pass,
      owners: this.#ownersOf(pass.processes),
      ids: descriptions.map(idsOf),
      tellReferences: (refer) => tellReferences(tables, refer),
      tellUnseen: (keep) => tellUnseen(tables, keep),
    });
    this.#last = { pass, descriptions, graph };
    return graph;
  }

  #takeTable(
    type: ObjectType,
    { takenAtMs }: HoldersPass,
    tables: AllOwnedRows,
    state: HoldersState,
  ): void {
    const memory = this.#tables[type];
    const { descriptions, seenAtMs } = tables[type];
    const { gone } = memory;
    const rows: (ObjectOwnership | undefined)[] = new Array(
      descriptions.length,
    );
    for (let row = 0; row < rows.length; row++) {
      const description = descriptions[row];
      const isOlder = seenAtMs[row] <= takenAtMs;
      // Who had the id when the pass was taken may have been somebody else.
      if (!isOlder && gone.has(description.id)) continue;
      const node = state.graph.nodeOfRow(type, row);
      const before = memory.rows[row];
      rows[row] = this.#ownership(
        node,
        before,
        isOlder && state.unknown[type] === undefined &&
          !isKernelBtf(type, description),
        state,
        () => orphanOf({ type, id: description.id }, tables, state, before),
      );
    }
    memory.rows = rows;
    memory.revision++;
    forgetBefore(gone, takenAtMs);
  }

  /** What a pass says of an object, on top of what those before it said; the same value where nothing changed. */
  #ownership(
    node: number,
    before: ObjectOwnership | undefined,
    mayBeOrphan: boolean,
    state: HoldersState,
    orphan: () => Orphan,
  ): ObjectOwnership {
    const { graph, takenAtMs, complete } = state;
    const holder = graph.ownerOf(node);
    const through = holder === undefined
      ? before?.through
      : graph.throughOf(node);
    // A pass that was cut short may just not have come to its process.
    const ownerGoneAtMs = holder !== undefined || before?.owner === undefined
      ? undefined
      : before.ownerGoneAtMs ?? (complete ? takenAtMs : undefined);
    const kept = graph.isKept(node);
    const unheldSinceMs = state.pinsReason !== undefined || !mayBeOrphan || kept
      ? undefined
      : before?.unheldSinceMs ?? (complete ? takenAtMs : undefined);
    const isOrphan = unheldSinceMs !== undefined &&
      state.orphansReason === undefined &&
      (before?.orphan !== undefined ||
        (complete && takenAtMs - unheldSinceMs >= LEAST_BETWEEN_MS));
    return unlessSame(before, {
      owner: holder ?? before?.owner,
      through,
      ownerGoneAtMs,
      kept,
      pinned: graph.isPinned(node),
      unheldSinceMs,
      orphan: isOrphan ? orphan() : undefined,
    });
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
    const { graph } = state;
    const node = graph.nodeOf({ type, id });
    const pinned = graph.isPinned(node);
    const owner = graph.ownerOf(node);
    if (owner === undefined && !pinned) return undefined;
    return unlessSame(undefined, {
      owner,
      through: graph.throughOf(node),
      ownerGoneAtMs: undefined,
      kept: true,
      pinned,
      unheldSinceMs: undefined,
      orphan: undefined,
    });
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
      const entry = kept !== undefined && sameProcess(kept.process, process)
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

function orphanOf(
  key: ObjectKey,
  tables: AllOwnedRows,
  { graph, takenAtMs }: HoldersState,
  before: ObjectOwnership | undefined,
): Orphan {
  const { keptBy, reason } = orphanReason(key, {
    referredBy: (one) => graph.referredBy(one),
    describe: (one) => described(tables, one),
  });
  const known = before?.orphan;
  return known?.reason === reason && known.keptBy === keptBy ? known : {
    keptBy,
    reason,
    sinceMs: before?.unheldSinceMs ?? takenAtMs,
  };
}

function shown(
  { pid, startedAtMs, comm, uid, cgroups }: HoldingProcess,
): Owner {
  return { pid, startedAtMs, comm, uid, ...cgroupIdentity(cgroups) };
}
