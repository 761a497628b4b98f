/**
 * Owns the shape of what the programs about holders write. In: nothing. Out: where in their records what is; file_program.ts and
 * edges.ts make the programs.
 * @module
 */

/** Numbers of types of objects in records about holders. */
export const HELD_TYPE = { map: 0, program: 1, link: 2, btf: 3 } as const;

/** Where in a record about an open file what is, in bytes. */
export const FILE_RECORD = {
  bytes: 48,
  /** In the initial pid namespace; of the reader in the last record. */
  pid: 0,
  uid: 4,
  /** CLOCK_BOOTTIME at the start of the process, in ns: 64 bits. */
  startNs: 8,
  comm: { offset: 16, size: 16 },
  /** HELD_TYPE, or FILE_COUNT. */
  type: 32,
  /** Of the object; in the last record how many descriptors there were. */
  id: 36,
  /** 1 where it is the reading process's. */
  isOwn: 40,
} as const;

/** Type of the last record. */
export const FILE_COUNT = 0xffff_ffff;

/** Where in a record about a pin what is, in bytes. */
export const PIN_RECORD = { bytes: 16, fd: 0, type: 4, id: 8 } as const;

export type HeldType = keyof typeof HELD_TYPE;

/** Bytes of a record: type and id of who refers, type and id of what is kept alive by that. */
export const EDGE_RECORD_BYTES = 16;
/** Added to the type of what is kept alive, where not everything of that type could be followed; the id is 0. */
export const UNFOLLOWED = 0x100;
