/**
 * Owns what is known of each kind of BTF type: its number, and how many words one takes. In: the info word of a type. Out:
 * kind, number of members, words. Newer kernels give kind and members more bits of that word (7 and 24, before 5 and 16);
 * older ones keep those bits 0, so one reading serves both. Source: include/uapi/linux/btf.h.
 * @module
 */

/** `BTF_KIND_*`, what the agent asks for by name. */
export const KIND = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  DATASEC: 15,
  FLOAT: 16,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

/** Words of `struct btf_type`: where the name is, info, and a size or another type's id. */
export const TYPE_WORDS = 3;

/** Words of `struct btf_member`: where the name is, type, offset. */
export const MEMBER_WORDS = 3;

/** Words that follow the three of every type, by kind: a fixed number, and one a member. */
const TAIL: readonly (readonly [fixed: number, each: number])[] = [
  [0, 0], // void
  [1, 0], // int
  [0, 0], // ptr
  [3, 0], // array
  [0, 3], // struct
  [0, 3], // union
  [0, 2], // enum
  [0, 0], // fwd
  [0, 0], // typedef
  [0, 0], // volatile
  [0, 0], // const
  [0, 0], // restrict
  [0, 0], // func
  [0, 2], // func_proto
  [1, 0], // var
  [0, 3], // datasec
  [0, 0], // float
  [1, 0], // decl_tag
  [0, 0], // type_tag
  [0, 3], // enum64
];

// Small integers side by side: the scan reads them once for each of 130,000 types.
const KNOWN_KINDS = TAIL.length;
const FIXED_WORDS = Uint8Array.from(TAIL, ([fixed]) => TYPE_WORDS + fixed);
const MEMBER_TAIL_WORDS = Uint8Array.from(TAIL, ([, each]) => each);

/** The kind that an info word says, known or not: 0 to 127. */
export function kindOf(info: number): number {
  return (info >>> 24) & 0x7f;
}

/** How many members, values, parameters or variables the type has; of a function, its linkage. */
export function memberCountOf(info: number): number {
  return info & 0xff_ffff;
}

/** True where the upper 8 bits of a member's offset are the size of a bit field. */
export function hasBitFieldSizes(info: number): boolean {
  return info >>> 31 === 1;
}

/** Words of the whole type; 0 for a kind that is not known, behind which nothing can be found. */
export function wordsOf(info: number): number {
  const kind = kindOf(info);
  return kind === 0 || kind >= KNOWN_KINDS
    ? 0
    : FIXED_WORDS[kind] + MEMBER_TAIL_WORDS[kind] * memberCountOf(info);
}
