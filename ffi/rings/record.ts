/**
 * Owns what the ring program writes for each ring buffer, what it remembers of one between two passes, and what the loss probe counts
 * of one. In: nothing. Out: offsets. Positions count bytes from the ring's creation on.
 * @module
 */

/** Offsets in a record; u64 but for those of 4 bytes. */
export const RING_RECORD = {
  /** u32 */
  id: 0,
  /** u32, `enum bpf_map_type` */
  type: 4,
  /** Never given out twice; 0 before 5.16. */
  cookie: 8,
  sizeBytes: 16,
  consumerPos: 24,
  producerPos: 32,
  /** All 1 where this kernel has none. */
  pendingPos: 40,
  /** Of the walks since the program first saw the ring. */
  events: 48,
  discards: 56,
  /** Bytes of records that were counted. */
  walkedBytes: 64,
  /** Where the walk stands, and where it began. */
  walkPos: 72,
  firstPos: 80,
  /** CLOCK_MONOTONIC in ns at which the program first saw the ring. */
  firstSeenNs: 88,
  /** u32, RING_FLAGS */
  flags: 96,
  /** u32: headers that were read in this pass. */
  steps: 100,
  /** Calls that found no way into the ring since the loss probe was attached; all 1 where there is none. */
  lost: 104,
  /** Of all rings together: such calls that found no room in the probe's table. */
  unplaced: 112,
} as const;
export const RING_RECORD_BYTES = 120;

export const RING_FLAGS = {
  /** The walk stands before a record that is not committed yet. */
  BUSY: 1,
  /** A header that cannot be: the walk goes on behind everything that was written; where user space writes, it stands before it. */
  LIED: 2,
  /** The ring came round while it was walked: nothing was counted. */
  DROPPED: 4,
  /** There is more to walk. */
  UNFINISHED: 8,
  /** Positions that cannot be. */
  JUMPED: 16,
  /** The ring had come round since the last walk. */
  WRAPPED: 32,
  /** Its producers overwrite what was not consumed, by the owner's choice (BPF_F_RB_OVERWRITE, since 6.19). */
  OVERWRITES: 64,
} as const;

/** Offsets in the value of the map of states, of u64. */
export const RING_STATE = {
  /** Address of the ring: another one is another ring. */
  ring: 0,
  walkPos: 8,
  firstPos: 16,
  events: 24,
  discards: 32,
  walkedBytes: 40,
  firstSeenNs: 48,
  /** Address of the ring's map, by which it is found again; 0 where nothing can follow it. */
  map: 56,
} as const;
export const RING_STATE_BYTES = 64;
/** u32 id, u32 0, u64 cookie. */
export const RING_KEY_BYTES = 16;
/** Value of the index of rings, which says nothing: its key is that of the map of states. */
export const RING_INDEX_BYTES = 8;

/** Offsets in the value of the loss probe's table, of u64; its key is that of the map of states. */
export const RING_LOSS = {
  lost: 0,
  /** CLOCK_MONOTONIC in ns when the ring was last known to be there. */
  seenNs: 8,
} as const;
export const RING_LOSS_BYTES = 16;
/** Value of the one element of the probe's other map: a u64, RING_RECORD.unplaced. */
export const UNPLACED_BYTES = 8;
