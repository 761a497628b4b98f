/**
 * Owns single types of a BTF that was scanned: where one is, what it comes down to, how big it is. In: a type id, from
 * anywhere in the BTF. Out: words and bytes, undefined for what has none; chains that never end are a BtfError. It reads
 * only within the words, whatever they say. Source: Documentation/bpf/btf.rst.
 * @module
 */
import { BtfError } from "./header.ts";
import { KIND, kindOf, wordsOf } from "./kinds.ts";
import { CHECKPOINT_TYPES, type Found } from "./scan.ts";

/** The kernel's own bound for such chains (MAX_RESOLVE_DEPTH) is 32. */
const LONGEST_CHAIN = 64;
const POINTER_BYTES = 8;

export class TypeTable {
  /** All types, one behind the other. */
  readonly words: Uint32Array;
  readonly strings: Uint8Array;
  readonly #checkpoints: Uint32Array;
  readonly #typeCount: number;

  /** @param found of a scan of just these words */
  constructor(words: Uint32Array, strings: Uint8Array, found: Found) {
    this.words = words;
    this.strings = strings;
    this.#checkpoints = found.checkpoints;
    this.#typeCount = found.typeCount;
  }

  /** The word where type `id` begins; undefined for void (0) and for an id that no type has. */
  at(id: number): number | undefined {
    if (id < 1 || id > this.#typeCount) return undefined;
    const index = id - 1;
    let at = this.#checkpoints[Math.floor(index / CHECKPOINT_TYPES)];
    for (let i = index % CHECKPOINT_TYPES; i > 0; i--) {
      at += wordsOf(this.words[at + 1]);
    }
    return at;
  }

  /** As at(), for what is behind typedef, const, volatile, restrict and type tags. @throws {BtfError} for an endless chain. */
  resolve(id: number): number | undefined {
    let at = this.at(id);
    for (let hops = 0; at !== undefined; hops++) {
      const kind = kindOf(this.words[at + 1]);
      if (!isModifier(kind)) return at;
      if (hops === LONGEST_CHAIN) throw endless(id);
      at = this.at(this.words[at + 2]);
    }
    return undefined;
  }

  /** Bytes of type `id`, all elements of an array; undefined for what has no size, as void and functions. @throws {BtfError} */
  sizeOf(id: number): number | undefined {
    let elements = 1;
    let at = this.resolve(id);
    for (let depth = 0; at !== undefined; depth++) {
      const kind = kindOf(this.words[at + 1]);
      if (kind !== KIND.ARRAY) {
        const bytes = elements * (this.#sizeAt(at, kind) ?? NaN);
        return Number.isSafeInteger(bytes) ? bytes : undefined;
      }
      if (depth === LONGEST_CHAIN) throw endless(id);
      elements *= this.words[at + 5];
      at = this.resolve(this.words[at + 3]);
    }
    return undefined;
  }

  #sizeAt(at: number, kind: number): number | undefined {
    switch (kind) {
      case KIND.PTR:
        return POINTER_BYTES;
      case KIND.INT:
      case KIND.STRUCT:
      case KIND.UNION:
      case KIND.ENUM:
      case KIND.FLOAT:
      case KIND.DATASEC:
      case KIND.ENUM64:
        return this.words[at + 2];
      default:
        return undefined;
    }
  }
}

function isModifier(kind: number): boolean {
  return (kind >= KIND.TYPEDEF && kind <= KIND.RESTRICT) ||
    kind === KIND.TYPE_TAG;
}

function endless(id: number): BtfError {
  return new BtfError(
    `Cannot read BTF: expected type ${id} to come down to one type, found a chain of more than ${LONGEST_CHAIN}`,
  );
}
