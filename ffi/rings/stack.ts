/**
 * Owns where on its stack the ring program has what. In: nothing. Out: offsets from r10.
 * @module
 */
import { SCRATCH_BYTES } from "../iter/emitter.ts";
import {
  RING_KEY_BYTES,
  RING_RECORD_BYTES,
  RING_STATE_BYTES,
} from "./record.ts";
import type { WalkSlots } from "./walk.ts";

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

function slot(index: number): number {
  return FRESH - 8 * (index + 1);
}
