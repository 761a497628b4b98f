/**
 * Owns the reading of a ring's positions, and whether they can be true. In: an emitter, the ring at r9. Out: instructions that leave them
 * in the record on the stack. What user space may write is not believed as it stands.
 * Source: kernel/bpf/ringbuf.c, `struct bpf_ringbuf`.
 * @module
 */
import type { Emitter } from "../iter/emitter.ts";
import { RING_FLAGS, RING_RECORD } from "./record.ts";
import { RECORD, WALK } from "./stack.ts";

/**
 * Reads the ring's positions. The consumer's is read before the producer's and after it: the one must not be beyond it, the other
 * not too far behind.
 */
export function readPositions(emit: Emitter): void {
  const { asm } = emit;
  const at = (name: "consumerPos" | "producerPos" | "pendingPos") =>
    RECORD + RING_RECORD[name];
  position(emit, "consumer_pos");
  asm.move("r8", "r0");
  position(emit, "producer_pos");
  asm.store(8, "r10", at("producerPos"), "r0");
  if (emit.has([["bpf_ringbuf", "pending_pos"]])) {
    position(emit, "pending_pos");
    asm.store(8, "r10", at("pendingPos"), "r0");
  } else asm.store(8, "r10", at("pendingPos"), -1);
  position(emit, "consumer_pos");
  asm.store(8, "r10", at("consumerPos"), "r0")
    .jump("r0", "<", "r8", "jumped");
  if (emit.has([["bpf_ringbuf", "overwrite_pos"]])) {
    position(emit, "overwrite_pos");
    asm.jump("r0", "==", 0, "kept")
      .load(8, "r1", "r10", WALK.flags)
      .alu64("r1", "|=", RING_FLAGS.OVERWRITES)
      .store(8, "r10", WALK.flags, "r1")
      .load(8, "r1", "r10", at("consumerPos"))
      .jump("r0", "<=", "r1", "kept")
      .store(8, "r10", at("consumerPos"), "r0")
      .label("kept");
  }
  asm.load(8, "r1", "r10", at("producerPos"))
    .jump("r8", ">", "r1", "jumped")
    .load(8, "r2", "r10", at("consumerPos"))
    // It went on meanwhile.
    .jump("r2", ">=", "r1", "plausible")
    .alu64("r1", "-=", "r2")
    .load(8, "r2", "r10", RECORD + RING_RECORD.sizeBytes)
    .jump("r1", "<=", "r2", "plausible")
    .label("jumped").load(8, "r1", "r10", WALK.flags)
    .alu64("r1", "|=", RING_FLAGS.JUMPED).store(8, "r10", WALK.flags, "r1")
    .label("plausible");
}

/** Leaves a position of the ring at r9 in r0. */
export function position(emit: Emitter, member: string): void {
  const { offset } = emit.place(["bpf_ringbuf", member]);
  emit.asm.move("r1", "r9");
  if (emit.view("bpf_ringbuf")) emit.asm.load(8, "r0", "r0", offset);
  else emit.peek(8, offset);
}
