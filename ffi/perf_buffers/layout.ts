/**
 * Owns where the numbers are that the perf buffers' program writes, and those that it keeps from one pass to the next. In: nothing.
 * Out: offsets, in bytes; 8 bytes each, but where it says 4.
 * @module
 */

/** One record for each event that has a buffer, in ascending order of map and index; its first 8 bytes are the key of its state. */
export const PERF_RECORD = {
  /** 4 */
  mapId: 0,
  /** 4 */
  index: 4,
  /** perf_event.id: no two events have the same until the next boot. */
  eventId: 8,
  /** perf_buffer.head: bytes written, what is being written among them. User space cannot change it. */
  head: 16,
  /** perf_event_mmap_page.data_tail: bytes consumed, or whatever the owner has written there. */
  tail: 24,
  /** perf_event.lost_samples, since 6.0; before, what LOST records say and what the next one will. */
  lost: 32,
  /** Since the generation's beginning: */
  samples: 40,
  /** bytes whose records were counted, */
  walked: 48,
  /** bytes whose records were gone, or no records, when they were looked at, */
  skipped: 56,
  /** and bytes that are yet to be looked at. */
  unwalked: 64,
  /** 4: pages of data */
  pages: 72,
  /** 4: bits of PERF_FLAG */
  flags: 76,
  /** 4: thread group that opened the event; 0 where the thread that did is gone. */
  pid: 80,
  /** 4: another number for another event, or another buffer of the same event, at this index; 0 where nothing is kept. */
  generation: 84,
  size: 88,
} as const;

export const PERF_FLAG = {
  /** Its head goes down. */
  BACKWARD: 1,
  /** What is written overwrites what nobody consumed. */
  OVERWRITE: 2,
  /** There is no room to keep what was counted. */
  UNKEPT: 4,
  /** The owner has written into the head that the kernel shows it. */
  LYING: 8,
  /** More is there than was looked at in this pass; another one goes on. */
  MORE: 16,
} as const;

/** What is kept by map and index. */
export const STATE = {
  eventId: 0,
  buffer: 8,
  /** Where the next record begins. */
  position: 16,
  samples: 24,
  /** What LOST records said. */
  lost: 32,
  walked: 40,
  skipped: 48,
  head: 56,
  generation: 64,
  /** The last pass that came by. */
  pass: 72,
  size: 80,
} as const;

/** The program's variables: the value of an array of one element. The record is at its beginning. */
export const VARIABLE = {
  entries: 88,
  /** Records that may be looked at in this run. */
  budget: 96,
  /** Records written for this map. */
  written: 104,
  pass: 112,
  generation: 120,
  buffer: 128,
  userPage: 136,
  end: 144,
  at: 152,
  /** Where the walk began; one that looks for its first record, where the chain began that it is on. */
  trial: 160,
  samples: 168,
  lost: 176,
  mask: 184,
  dataPages: 192,
  pageShift: 200,
  pageMask: 208,
  /** It looks for its first record. */
  isTrying: 216,
  isBroken: 224,
  isFull: 232,
  /** A state of zeros; nobody writes it. */
  zero: 240,
  size: 240 + STATE.size,
} as const;
