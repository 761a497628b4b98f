/**
 * Owns the walk over the record headers of one ring, as part of the ring program. In: where to begin, where to end, whether a record
 * begins there. Out: instructions that count records. Their work is bounded, whatever the headers say.
 *
 * Where it is not known where a record begins, each offset is tried in turn until one leads to the end, from record to record: the
 * kernel notes in each header in which page it is, which payload seldom looks like.
 * Source: kernel/bpf/ringbuf.c, `struct bpf_ringbuf_hdr`.
 * @module
 */
import type { Emitter } from "../iter/emitter.ts";
import type { Btf } from "../btf/btf.ts";
import { RING_FLAGS } from "./record.ts";

const BUSY_BIT = 1n << 31n;
const DISCARD_BIT = 1 << 30;
const LENGTH_MASK = DISCARD_BIT - 1;
/** So many bytes of records in a row are no accident. */
const CONVINCING_BYTES = 1024;

/** Offsets from r10 of the walk's own u64s. */
export interface WalkSlots {
  /** `struct bpf_iter_num`, or what is left of a loop. */
  readonly loop: number;
  /** Where the walk began: in, and out where it had to be found. */
  readonly start: number;
  /** In: where to end, and 1 where a record begins at `start`, 2 where besides no header tells its page. */
  readonly end: number;
  readonly isSynced: number;
  readonly mask: number;
  /** In and out. */
  readonly flags: number;
  /** Out. */
  readonly events: number;
  readonly discards: number;
  readonly steps: number;
}

/** How the loop is written: by the kernel's own iterator (since 6.4), or with a bound that the verifier walks through. */
export type Loop =
  | {
    readonly create: number;
    readonly next: number;
    readonly destroy: number;
  }
  | { readonly most: number };

/** The kernel's own iterator over numbers; undefined before 6.4. */
export function numberLoop(btf: Btf): Loop | undefined {
  const create = btf.functionId("bpf_iter_num_new");
  const next = btf.functionId("bpf_iter_num_next");
  const destroy = btf.functionId("bpf_iter_num_destroy");
  return create === undefined || next === undefined || destroy === undefined
    ? undefined
    : { create, next, destroy };
}

export interface WalkPlaces {
  readonly headerBytes: number;
  readonly pageOffset: number;
  /** Of the data in the ring. */
  readonly data: number;
  readonly pageShift: number;
}

/**
 * Takes the ring's address in r9 and, where the loop is the kernel's, the most headers in r3. Leaves in r6 where the walk stands.
 * r7 to r9 are its own.
 */
export function writeWalk(
  emit: Emitter,
  slots: WalkSlots,
  places: WalkPlaces,
  loop: Loop,
): void {
  const { asm } = emit;
  const next = emit.fresh();
  const odd = emit.fresh();
  const lied = emit.fresh();
  const busy = emit.fresh();
  const discard = emit.fresh();
  const paged = emit.fresh();
  const done = emit.fresh();
  if ("most" in loop) asm.store(8, "r10", slots.loop, loop.most);
  else {
    asm.move("r1", "r10").alu64("r1", "+=", slots.loop).move("r2", 0)
      .callKernelFunction(loop.create);
  }
  asm.load(8, "r6", "r10", slots.start)
    .move("r7", 0).store(8, "r10", slots.discards, 0)
    .store(8, "r10", slots.steps, 0)
    .move("r8", "r9").alu64("r8", "+=", places.data)
    .load(8, "r9", "r10", slots.end)
    .label(next);
  if ("most" in loop) {
    asm.load(8, "r1", "r10", slots.loop).jump("r1", "==", 0, done)
      .alu64("r1", "-=", 1).store(8, "r10", slots.loop, "r1")
      .load(8, "r1", "r10", slots.steps).alu64("r1", "+=", 1)
      .store(8, "r10", slots.steps, "r1");
  } else {
    asm.move("r1", "r10").alu64("r1", "+=", slots.loop)
      .callKernelFunction(loop.next).jump("r0", "==", 0, done)
      .load(4, "r1", "r0", 0).alu64("r1", "+=", 1)
      .store(8, "r10", slots.steps, "r1");
  }
  asm.jump("r6", ">=", "r9", done)
    .move("r1", "r6").load(8, "r2", "r10", slots.mask)
    .alu64("r1", "&=", "r2").alu64("r1", "+=", "r8");
  if (emit.view("bpf_ringbuf_hdr")) {
    asm.load(4, "r1", "r0", 0).load(4, "r2", "r0", places.pageOffset);
  } else {
    emit.fill(0, places.headerBytes);
    asm.load(4, "r1", "r10", emit.scratch)
      .load(4, "r2", "r10", emit.scratch + places.pageOffset);
  }
  asm.load(8, "r4", "r10", slots.isSynced).jump("r4", "==", 2, paged)
    .move("r3", "r6").load(8, "r5", "r10", slots.mask)
    .alu64("r3", "&=", "r5").alu64("r3", "+=", places.data)
    .alu64("r3", ">>=", places.pageShift)
    .jump("r3", "!=", "r2", odd)
    .label(paged)
    .move("r3", "r1").alu64("r3", "&=", LENGTH_MASK).alu64("r3", "+=", 15)
    .alu64("r3", "&=", -8).alu64("r3", "+=", "r6")
    .jump("r3", ">", "r9", odd)
    .immediate64("r2", BUSY_BIT).jump("r1", "&", "r2", busy)
    .move("r6", "r3")
    .jump("r1", "&", DISCARD_BIT, discard)
    .alu64("r7", "+=", 1).goto(next)
    .label(discard).load(8, "r1", "r10", slots.discards).alu64("r1", "+=", 1)
    .store(8, "r10", slots.discards, "r1").goto(next)
    .label(busy)
    .load(8, "r1", "r10", slots.flags).alu64("r1", "|=", RING_FLAGS.BUSY)
    .store(8, "r10", slots.flags, "r1")
    .jump("r4", "!=", 0, done)
    .move("r1", "r6").load(8, "r2", "r10", slots.start).alu64("r1", "-=", "r2")
    .jump("r1", ">=", CONVINCING_BYTES, done)
    .load(8, "r1", "r10", slots.flags).alu64("r1", "&=", ~RING_FLAGS.BUSY)
    .store(8, "r10", slots.flags, "r1")
    .label(odd).jump("r4", "!=", 0, lied)
    // One offset further, and all counts anew.
    .load(8, "r6", "r10", slots.start).alu64("r6", "+=", 8)
    .store(8, "r10", slots.start, "r6")
    .move("r7", 0).store(8, "r10", slots.discards, 0).goto(next)
    .label(lied)
    .load(8, "r1", "r10", slots.flags).alu64("r1", "|=", RING_FLAGS.LIED)
    .store(8, "r10", slots.flags, "r1")
    .label(done).store(8, "r10", slots.events, "r7");
  if (!("most" in loop)) {
    asm.move("r1", "r10").alu64("r1", "+=", slots.loop)
      .callKernelFunction(loop.destroy);
  }
}
