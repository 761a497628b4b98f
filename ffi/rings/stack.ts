/**
 * Owns where on their stack the ring programs have what, and the helpers that they call. In: nothing. Out: offsets from r10, numbers of
 * helpers.
 * @module
 */
import type { Assembler } from "../asm/assemble.ts";
import { SCRATCH_BYTES } from "../iter/emitter.ts";
import {
  RING_KEY_BYTES,
  RING_RECORD_BYTES,
  RING_STATE_BYTES,
} from "./record.ts";
import type { WalkSlots } from "./walk.ts";

/** Source: include/uapi/linux/bpf.h, ___BPF_FUNC_MAPPER. */
export const HELPER = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  map_delete_elem: 3,
  ktime_get_ns: 5,
  seq_write: 127,
} as const;

/** What is written of a ring. */
export const RECORD = -RING_RECORD_BYTES;
export const SCRATCH = RECORD - SCRATCH_BYTES;
/** Of the ring, in our own maps. */
export const KEY = SCRATCH - RING_KEY_BYTES;
/** What is known of a ring that was not seen before. */
export const FRESH = KEY - RING_STATE_BYTES;
export const WALK: WalkSlots = {
  loop: slot(0),
  start: slot(1),
  end: slot(2),
  isSynced: slot(3),
  mask: slot(4),
  flags: slot(5),
  events: slot(6),
  discards: slot(7),
  steps: slot(8),
};
/** The iterator's. */
export const CONTEXT = slot(9);
/** The address of what is known of the ring. */
export const STATE = slot(10);
/** The ring's address. */
export const RING = slot(11);
/** Whatever a register cannot hold over a call. */
export const KEPT = slot(12);

/** Leaves in r0 the state of the ring whose key is on the stack, or 0. */
export function lookUpState(asm: Assembler, states: number): Assembler {
  return asm.mapFd("r1", states).move("r2", "r10").alu64("r2", "+=", KEY)
    .call(HELPER.map_lookup_elem);
}

function slot(index: number): number {
  return FRESH - 8 * (index + 1);
}
