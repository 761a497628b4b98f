/**
 * Owns the one pass over the types of BTF. In: types as words, strings, wanted names. Out: the ids of the wanted structs and
 * functions, and where every 64th type begins, from which any other is a few steps away. Nothing is made for a type: of the
 * kernel's 130,000 only a first byte of a name is looked at. Source: Documentation/bpf/btf.rst.
 * @module
 */
import { BtfError } from "./header.ts";
import { KIND, kindOf, memberCountOf, TYPE_WORDS, wordsOf } from "./kinds.ts";

/** Names, as C has them without `struct`. */
export interface Wanted {
  readonly structs: readonly string[];
  readonly functions: readonly string[];
  readonly typedefs?: readonly string[];
  /** Of enums of up to 32 bits. */
  readonly enumerators?: readonly string[];
}

/** What the pass found. An id is a number from 1 on; the first type of a name counts. */
export interface Found {
  readonly structs: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, number>;
  readonly typedefs: ReadonlyMap<string, number>;
  /** Values, not ids. */
  readonly enumerators: ReadonlyMap<string, number>;
  /** Word where type `i * CHECKPOINT_TYPES + 1` begins. */
  readonly checkpoints: Uint32Array;
  /** The highest id. */
  readonly typeCount: number;
}

export const CHECKPOINT_TYPES = 64;

/** Words of `struct btf_enum`: where the name is, value. */
const ENUMERATOR_WORDS = 2;

interface Candidate {
  readonly name: string;
  /** With its NUL. */
  readonly bytes: Uint8Array;
  readonly ids: Map<string, number>;
}

/** @throws {BtfError} where a type reaches beyond the end, is of an unknown kind, or has its name beyond the strings. */
export function scanTypes(
  words: Uint32Array,
  strings: Uint8Array,
  wanted: Wanted,
): Found {
  const structs = new Map<string, number>();
  const functions = new Map<string, number>();
  const typedefs = new Map<string, number>();
  const enumerators = new Map<string, number>();
  const buckets: Candidate[][] = [[]];
  /** By kind and first byte of a name: the bucket of those that are wanted, 0 for none. */
  const bucketOf = new Uint16Array(128 << 8);
  addCandidates(KIND.STRUCT, wanted.structs, structs, buckets, bucketOf);
  addCandidates(KIND.FUNC, wanted.functions, functions, buckets, bucketOf);
  const ofTypedefs = wanted.typedefs ?? [];
  addCandidates(KIND.TYPEDEF, ofTypedefs, typedefs, buckets, bucketOf);
  const ofEnums = wanted.enumerators ?? [];
  addCandidates(KIND.ENUM, ofEnums, enumerators, buckets, bucketOf);

  const end = words.length;
  const stringsEnd = strings.length;
  const checkpoints = new Uint32Array(
    Math.floor(end / (TYPE_WORDS * CHECKPOINT_TYPES)) + 1,
  );
  let count = 0;
  for (let at = 0; at < end;) {
    if (count % CHECKPOINT_TYPES === 0) {
      checkpoints[count / CHECKPOINT_TYPES] = at;
    }
    count++;
    if (at + TYPE_WORDS > end) throw cut(count);
    const nameAt = words[at];
    const info = words[at + 1];
    const size = wordsOf(info);
    if (size === 0) throw unknownKind(count, info);
    if (nameAt >= stringsEnd) throw lostName(count, nameAt, stringsEnd);
    if (at + size > end) throw cut(count);
    const kind = kindOf(info);
    if (kind === KIND.ENUM) {
      if (ofEnums.length > 0) {
        for (let m = at + TYPE_WORDS; m < at + size; m += ENUMERATOR_WORDS) {
          const bucket = bucketOf[(KIND.ENUM << 8) | strings[words[m]]];
          if (bucket === 0) continue;
          note(buckets[bucket], strings, words[m], words[m + 1]);
        }
      }
    } else {
      const bucket = bucketOf[(kind << 8) | strings[nameAt]];
      if (bucket !== 0) note(buckets[bucket], strings, nameAt, count);
    }
    at += size;
  }
  return {
    structs,
    functions,
    typedefs,
    enumerators,
    checkpoints: checkpoints.slice(0, Math.ceil(count / CHECKPOINT_TYPES)),
    typeCount: count,
  };
}

function addCandidates(
  kind: number,
  names: readonly string[],
  ids: Map<string, number>,
  buckets: Candidate[][],
  bucketOf: Uint16Array,
): void {
  for (const name of names) {
    const bytes = nameBytes(name);
    const key = (kind << 8) | bytes[0];
    if (bucketOf[key] === 0) {
      bucketOf[key] = buckets.length;
      buckets.push([]);
    }
    buckets[bucketOf[key]].push({ name, bytes, ids });
  }
}

function note(
  candidates: readonly Candidate[],
  strings: Uint8Array,
  nameAt: number,
  id: number,
): void {
  for (const { name, bytes, ids } of candidates) {
    if (isName(strings, nameAt, bytes) && !ids.has(name)) ids.set(name, id);
  }
}

const encoder = new TextEncoder();

/** A name as isName() takes it. */
export function nameBytes(name: string): Uint8Array {
  return encoder.encode(`${name}\0`);
}

/** Whether the string at `at` is the name that `bytes` are of. False where it begins or ends beyond the strings. */
export function isName(
  strings: Uint8Array,
  at: number,
  bytes: Uint8Array,
): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (strings[at + i] !== bytes[i]) return false;
  }
  return true;
}

function cut(id: number): BtfError {
  return new BtfError(
    `Cannot read BTF: expected type ${id} whole, found the end of the types within it`,
  );
}

function unknownKind(id: number, info: number): BtfError {
  return new BtfError(
    `Cannot read BTF: expected type ${id} of a known kind, found kind ${
      kindOf(info)
    } with ${memberCountOf(info)} members`,
  );
}

function lostName(id: number, nameAt: number, end: number): BtfError {
  return new BtfError(
    `Cannot read BTF: expected the name of type ${id} within ${end} bytes of strings, found offset ${nameAt}`,
  );
}
