/**
 * Owns the look-up of members by dotted path. In: a struct's id and a path, as `ns.inum` or `elems[2].name`; names of members
 * of anonymous structs and unions are found as C finds them. Out: where the member is in the struct; undefined where there
 * is none of that name. Work is bounded, whatever the types say. Source: Documentation/bpf/btf.rst.
 * @module
 */
import { BtfError } from "./header.ts";
import {
  hasBitFieldSizes,
  KIND,
  kindOf,
  MEMBER_WORDS,
  memberCountOf,
  TYPE_WORDS,
} from "./kinds.ts";
import { isName, nameBytes } from "./scan.ts";
import type { TypeTable } from "./types.ts";

/** Where a member is. */
export interface Member {
  /** From the start of the struct; of a bit field, the byte that has its first bit. */
  readonly byteOffset: number;
  /** 0 for an array without an end; of a bit field, the narrowest load from there (1, 2, 4, 8) that has all its bits. */
  readonly sizeBytes: number;
  /** Bits from the lowest one of that load on. */
  readonly bitField?: { readonly bitOffset: number; readonly bitSize: number };
}

/** What one step of a path leads to. `bits` counts from the start of where it was looked for. */
interface Step {
  readonly bits: number;
  readonly typeId: number;
  /** 0 unless it is a bit field. */
  readonly bitSize: number;
}

/** A name and what is in brackets behind it. */
const STEP = /^([A-Za-z_]\w*)((?:\[\d+\])*)$/;
/** No struct of the kernel comes near: they have some 300 members, and anonymous ones some 5 deep. */
const MOST_MEMBERS = 20_000;
const DEEPEST = 32;

/** @throws {BtfError} where types go in circles; @throws {RangeError} where `path` is none. */
export function findMember(
  types: TypeTable,
  structId: number,
  path: string,
): Member | undefined {
  const search = new Search(types, path);
  let step: Step = { bits: 0, typeId: structId, bitSize: 0 };
  for (const part of path.split(".")) {
    const [, name, brackets] = part.match(STEP) ?? [];
    if (name === undefined) {
      throw new RangeError(
        `Cannot look up a member: expected names joined by dots, found ${
          JSON.stringify(path)
        }`,
      );
    }
    const next = search.member(step.typeId, nameBytes(name), 0);
    if (next === undefined) return undefined;
    step = { ...next, bits: step.bits + next.bits };
    for (const [, index] of brackets.matchAll(/\[(\d+)\]/g)) {
      const element = elementOf(types, step, Number(index));
      if (element === undefined) return undefined;
      step = element;
    }
  }
  return placeOf(types, step);
}

/** One look-up, which gives up where it has seen more members than a sane BTF can have. */
class Search {
  readonly #types: TypeTable;
  readonly #path: string;
  #members = 0;

  constructor(types: TypeTable, path: string) {
    this.#types = types;
    this.#path = path;
  }

  /** The member of that name in struct or union `typeId`, or in what is anonymous in it. */
  member(typeId: number, name: Uint8Array, depth: number): Step | undefined {
    const { words, strings } = this.#types;
    const at = this.#types.resolve(typeId);
    if (at === undefined) return undefined;
    const info = words[at + 1];
    const kind = kindOf(info);
    if (kind !== KIND.STRUCT && kind !== KIND.UNION) return undefined;
    if (depth > DEEPEST) throw this.#endless();
    const withSizes = hasBitFieldSizes(info);
    const end = at + TYPE_WORDS + MEMBER_WORDS * memberCountOf(info);
    for (let m = at + TYPE_WORDS; m < end; m += MEMBER_WORDS) {
      if (++this.#members > MOST_MEMBERS) throw this.#endless();
      const bits = withSizes ? words[m + 2] & 0xff_ffff : words[m + 2];
      if (isName(strings, words[m], name)) {
        const bitSize = withSizes ? words[m + 2] >>> 24 : 0;
        return { bits, typeId: words[m + 1], bitSize };
      }
      if (strings[words[m]] !== 0) continue;
      const inner = this.member(words[m + 1], name, depth + 1);
      if (inner !== undefined) return { ...inner, bits: bits + inner.bits };
    }
    return undefined;
  }

  #endless(): BtfError {
    return new BtfError(
      `Cannot look up ${this.#path}: expected a struct with an end, found one that nests more than ` +
        `${DEEPEST} deep or has more than ${MOST_MEMBERS} members`,
    );
  }
}

function elementOf(
  types: TypeTable,
  { bits, typeId, bitSize }: Step,
  index: number,
): Step | undefined {
  const at = types.resolve(typeId);
  if (at === undefined || bitSize !== 0) return undefined;
  const { words } = types;
  if (kindOf(words[at + 1]) !== KIND.ARRAY) return undefined;
  const elements = words[at + 5];
  // One without elements is a flexible array: only its owner knows where it ends.
  if (elements !== 0 && index >= elements) return undefined;
  const elementId = words[at + 3];
  const bytes = types.sizeOf(elementId);
  return bytes === undefined
    ? undefined
    : { bits: bits + index * bytes * 8, typeId: elementId, bitSize: 0 };
}

function placeOf(types: TypeTable, step: Step): Member | undefined {
  const { bits, bitSize } = step.bitSize === 0
    ? withIntBits(types, step)
    : step;
  const byteOffset = Math.floor(bits / 8);
  if (!Number.isSafeInteger(bits)) return undefined;
  const bitOffset = bits % 8;
  if (bitSize !== 0) {
    const sizeBytes = [1, 2, 4, 8].find((n) => n * 8 >= bitOffset + bitSize);
    return sizeBytes === undefined
      ? undefined
      : { byteOffset, sizeBytes, bitField: { bitOffset, bitSize } };
  }
  const sizeBytes = types.sizeOf(step.typeId);
  return sizeBytes === undefined || bitOffset !== 0
    ? undefined
    : { byteOffset, sizeBytes };
}

/** Compilers before kind_flag gave a bit field an integer type of its own, which has offset and size. */
function withIntBits(types: TypeTable, step: Step): Step {
  const { words } = types;
  const at = types.resolve(step.typeId);
  if (at === undefined || kindOf(words[at + 1]) !== KIND.INT) return step;
  const bitSize = words[at + 3] & 0xff;
  const shift = (words[at + 3] >>> 16) & 0xff;
  return bitSize === words[at + 2] * 8 && shift === 0
    ? step
    : { ...step, bits: step.bits + shift, bitSize };
}
