/**
 * Owns which object keeps which alive. In: records of ffi/iter/edges.ts. Out: references, and for what types something may refer to
 * an object without being among them.
 * @module
 */
import {
  errnoName,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  type OpenIterator,
  UNFOLLOWED,
} from "../../ffi/sampling.ts";
import type { HolderIterators } from "../holder_iterators.ts";
import { ITERATED_TYPES, type ObjectType } from "../protocol.ts";
import { HELD_TYPES, type Unknown } from "./holders_model.ts";

/** What the parts of the edge tables lead to; `btf` and `maps` of programs are told by name. */
const LEADS_TO: Readonly<Record<string, ObjectType>> = {
  maps: "map",
  btf: "btf",
  attach_btf: "btf",
  array_of_maps: "map",
  hash_of_maps: "map",
  sockmap: "map",
  iter: "map",
};

export interface References {
  /** In fours, as in HoldersPass. */
  readonly edges: readonly number[];
  readonly unknown: Unknown;
}

export class ReferenceReader {
  readonly #sessions: readonly IteratorSession[];
  readonly #isLeftOut: (type: number, id: number) => boolean;
  /** What cannot be known here, whatever is read. */
  readonly #always: Unknown;
  #edges: number[] = [];
  #unknown: Partial<Record<ObjectType, string>> = {};

  constructor(
    kernel: KernelPort,
    references: HolderIterators["references"],
    isLeftOut: (type: number, id: number) => boolean,
  ) {
    const open = ITERATED_TYPES.map((type) => references[type]);
    this.#sessions = open.filter((one) => typeof one !== "string")
      .map((one) =>
        new IteratorSession(
          kernel,
          iterationsOf(kernel, one),
          one.recordBytes,
        )
      );
    this.#isLeftOut = isLeftOut;
    this.#always = unknownHere(references);
  }

  /** One pass over all programs, maps and links; one sentence where it failed. */
  read(): References | string {
    this.#edges = [];
    this.#unknown = { ...this.#always };
    for (const session of this.#sessions) {
      const failure = session.stream(() => this.#take(session));
      if (failure !== undefined) {
        return `${failure.call} failed: ${errnoName(failure.errno)}`;
      }
    }
    return { edges: this.#edges, unknown: this.#unknown };
  }

  #take({ words, count, recordBytes }: IteratorSession): void {
    for (let i = 0; i < count; i++) {
      const at = i * recordBytes / 4;
      const [from, fromId] = [words[at], words[at + 1]];
      const [to, toId] = [words[at + 2], words[at + 3]];
      if (to >= UNFOLLOWED) {
        const type = HELD_TYPES[to - UNFOLLOWED];
        this.#unknown[type] ??= `${
          HELD_TYPES[from]
        } ${fromId} refers to more than can be followed`;
      } else if (!this.#isLeftOut(from, fromId) && !this.#isLeftOut(to, toId)) {
        this.#edges.push(from, fromId, to, toId);
      }
    }
  }
}

function unknownHere(references: HolderIterators["references"]): Unknown {
  const unknown: Partial<Record<ObjectType, string>> = {};
  for (const type of ITERATED_TYPES) {
    const one: OpenIterator | string = references[type];
    if (typeof one === "string") {
      for (const held of ["map", "program", "btf"] as const) {
        unknown[held] ??= `references of ${type}s cannot be read: ${one}`;
      }
      continue;
    }
    for (const [name, reason] of Object.entries(one.absent)) {
      // A part that stands in says so object by object.
      if (one.fields.includes(`${name}?`)) continue;
      const held = LEADS_TO[name] ?? "program";
      unknown[held] ??= `${name} of ${type}s cannot be followed: ${reason}`;
    }
  }
  return unknown;
}
