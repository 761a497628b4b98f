/**
 * Owns the programs that look at ring buffers from within the kernel: an iterator over maps, which passes over all that are no rings, and
 * a short way to those that it found. In: the kernel's BTF, maps of our own. Out: instructions; for each ring they write one RING_RECORD.
 * They take no reference to a ring beyond the moment, and write nothing into one.
 * Source: kernel/bpf/ringbuf.c, `struct bpf_ringbuf`.
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import type { Btf } from "../btf/btf.ts";
import { Absent, Emitter } from "../iter/emitter.ts";
import type { Form } from "../iter/table.ts";
import { MAP_TYPES } from "../names.ts";
import {
  beginKnown,
  beginMap,
  checkIsThere,
  forgetGone,
  keepWay,
  KNOWN,
  MAPS,
  type Target,
} from "./begin.ts";
import { position, readPositions } from "./positions.ts";
import {
  RING_FLAGS,
  RING_LOSS,
  RING_RECORD,
  RING_RECORD_BYTES,
  RING_STATE,
} from "./record.ts";
import {
  CONTEXT,
  FRESH,
  HELPER,
  KEPT,
  KEY,
  lookUpState,
  RECORD,
  RING,
  SCRATCH,
  STATE,
  WALK,
} from "./stack.ts";
import { type Loop, numberLoop, writeWalk } from "./walk.ts";

/** Headers that one pass reads at most, over all rings; each ring may read some whatever the others took. */
const MOST_A_PASS = 1 << 18;
const MOST_A_RING = 1 << 16;
const LEAST_A_RING = 256;
/**
 * Where a loop is walked through by the verifier, whose time grows faster than this does. A walk goes on where the program asks for
 * the same ring again, which costs its reader a read(): up to so many headers a pass.
 */
const MOST_BOUNDED = 128;
const MOST_BOUNDED_A_PASS = MOST_BOUNDED * 256;

/** What the program looks up. */
export const RING_STRUCTS = [
  MAPS.context,
  KNOWN.context,
  "bpf_iter_meta",
  "bpf_map",
  "bpf_prog_stats",
  "bpf_ringbuf",
  "bpf_ringbuf_hdr",
  "bpf_ringbuf_map",
] as const;
export const RING_FUNCTIONS = [
  `bpf_iter_${MAPS.target}`,
  `bpf_iter_${KNOWN.target}`,
  "bpf_iter_num_destroy",
  "bpf_iter_num_new",
  "bpf_iter_num_next",
  "bpf_rdonly_cast",
] as const;

export const RING_BUDGET_BYTES = 48;

/** Maps of our own. */
export interface RingMaps {
  /** From RING_KEY_BYTES to RING_STATE_BYTES. */
  readonly states: number;
  /** One element of RING_BUDGET_BYTES: headers that the present pass may still read, which pass that is, and what forget() needs. */
  readonly budget: number;
  /** From RING_KEY_BYTES to RING_INDEX_BYTES: rings that can be found again. Absent where none is to be. */
  readonly index?: number;
  /** Of the loss probe; absent where there is none. */
  readonly losses?: LossMaps;
}

/** What the loss probe counts in. */
export interface LossMaps {
  /** From RING_KEY_BYTES to RING_LOSS_BYTES. */
  readonly table: number;
  /** One element of UNPLACED_BYTES. */
  readonly unplaced: number;
}

/** Of every map that is a ring. @throws {Absent} where the kernel has no rings, or others than this program knows. */
export function compileRings(
  btf: Btf,
  maps: RingMaps,
  form: Form,
): Uint8Array<ArrayBuffer> {
  const asm = new Assembler();
  const emit = new Emitter(asm, btf, form, "bpf_map", SCRATCH);
  const loop = form === "typed" ? numberLoop(btf) : { most: MOST_BOUNDED };
  if (loop === undefined) throw new Absent("this kernel has no bpf_iter_num");
  beginMap(emit);
  readPositions(emit);
  findLosses(emit, maps.losses);
  findState(emit, maps);
  // No other form can follow an address.
  if (form === "typed" && maps.index !== undefined) keepWay(emit, maps.index);
  count(emit, maps, MAPS, loop);
  if ("most" in loop) askAgain(emit, maps);
  report(emit, MAPS);
  return asm.label("end").move("r0", 0).exit().assemble();
}

/**
 * Of the rings alone that compileRings() left in the index, in no order, as it iterates over that. Whatever is not the ring any more
 * that it was is forgotten. Form `typed` alone can. @throws {Absent}
 */
export function compileKnownRings(
  btf: Btf,
  maps: RingMaps & { readonly index: number },
): Uint8Array<ArrayBuffer> {
  const asm = new Assembler();
  const emit = new Emitter(asm, btf, "typed", "bpf_map", SCRATCH);
  const loop = numberLoop(btf);
  if (loop === undefined) throw new Absent("this kernel has no bpf_iter_num");
  beginKnown(emit, maps.states);
  readPositions(emit);
  findLosses(emit, maps.losses);
  asm.load(8, "r8", "r10", STATE);
  count(emit, maps, KNOWN, loop, () => checkIsThere(emit));
  report(emit, KNOWN);
  asm.goto("end");
  forgetGone(emit, [maps.index, maps.states]);
  return asm.label("end").move("r0", 0).exit().assemble();
}

/** Walks on from where the state in r8 stands, and keeps what it finds if `check`, where there is one, does not end it. */
function count(
  emit: Emitter,
  maps: RingMaps,
  target: Target,
  loop: Loop,
  check?: () => void,
): void {
  setOut(emit);
  forget(emit, maps);
  limit(
    emit,
    maps,
    target,
    "most" in loop ? MOST_BOUNDED_A_PASS : MOST_A_PASS,
  );
  emit.asm.load(8, "r9", "r10", RING);
  const ring = (path: string) => emit.place(["bpf_ringbuf", path]).offset;
  const pageBytes = ring("producer_pos") - ring("consumer_pos");
  writeWalk(emit, WALK, {
    pageOffset: emit.place(["bpf_ringbuf_hdr", "pg_off"]).offset,
    headerBytes: 8,
    data: ring("data"),
    pageShift: Math.log2(pageBytes),
  }, loop);
  settle(emit, maps, check);
}

/** Writes what the loss probe counted, and tells its table that the ring is still there. */
function findLosses({ asm }: Emitter, losses: LossMaps | undefined): void {
  if (losses === undefined) {
    asm.store(8, "r10", RECORD + RING_RECORD.lost, -1)
      .store(8, "r10", RECORD + RING_RECORD.unplaced, -1);
    return;
  }
  asm.store(8, "r10", RECORD + RING_RECORD.lost, 0)
    .mapValue("r1", losses.unplaced, 0).load(8, "r0", "r1", 0)
    .store(8, "r10", RECORD + RING_RECORD.unplaced, "r0")
    .mapFd("r1", losses.table).move("r2", "r10").alu64("r2", "+=", KEY)
    .call(HELPER.map_lookup_elem).jump("r0", "==", 0, "lossless").move(
      "r8",
      "r0",
    )
    .load(8, "r1", "r8", RING_LOSS.lost)
    .store(8, "r10", RECORD + RING_RECORD.lost, "r1")
    .call(HELPER.ktime_get_ns).store(8, "r8", RING_LOSS.seenNs, "r0")
    .label("lossless");
}

/** Leaves what is known of the ring in r8; makes it where nothing is, or only of an earlier ring. */
function findState(emit: Emitter, maps: RingMaps): void {
  const { asm } = emit;
  const lookUp = () => lookUpState(asm, maps.states);
  lookUp().jump("r0", "==", 0, "first").move("r8", "r0")
    .load(8, "r1", "r8", RING_STATE.ring).jump("r1", "==", "r9", "known")
    .label("first").call(HELPER.ktime_get_ns)
    .store(8, "r10", FRESH + RING_STATE.firstSeenNs, "r0")
    .store(8, "r10", FRESH + RING_STATE.ring, "r9")
    .store(8, "r10", FRESH + RING_STATE.map, 0)
    .store(8, "r10", FRESH + RING_STATE.events, 0)
    .store(8, "r10", FRESH + RING_STATE.discards, 0)
    .store(8, "r10", FRESH + RING_STATE.walkedBytes, 0)
    // While it did not come round, its first record is still there.
    .move("r2", 0)
    .load(8, "r1", "r10", RECORD + RING_RECORD.producerPos)
    .load(8, "r3", "r10", RECORD + RING_RECORD.sizeBytes)
    .alu64("r3", "-=", 8).jump("r1", "<=", "r3", "whole").move("r2", "r1")
    .label("whole")
    .store(8, "r10", FRESH + RING_STATE.walkPos, "r2")
    .store(8, "r10", FRESH + RING_STATE.firstPos, "r2")
    .mapFd("r1", maps.states).move("r2", "r10").alu64("r2", "+=", KEY)
    .move("r3", "r10").alu64("r3", "+=", FRESH).move("r4", 0)
    .call(HELPER.map_update_elem);
  lookUp().jump("r0", "==", 0, "end").move("r8", "r0")
    .label("known").store(8, "r10", STATE, "r8");
}

/** Says where the walk begins and ends. */
function setOut(emit: Emitter): void {
  const { asm } = emit;
  const user = MAP_TYPES.indexOf("user_ringbuf");
  asm.load(8, "r2", "r10", RECORD + RING_RECORD.producerPos)
    .store(8, "r10", WALK.end, "r2")
    .load(8, "r1", "r8", RING_STATE.walkPos)
    .load(8, "r3", "r10", RECORD + RING_RECORD.sizeBytes)
    .load(4, "r4", "r10", RECORD + RING_RECORD.type)
    .store(8, "r10", WALK.isSynced, 1)
    .jump("r4", "!=", user, "kernels")
    .store(8, "r10", WALK.isSynced, 2)
    // User space says where its producer is: believed only while the kernel's consumer is near.
    .load(8, "r5", "r10", WALK.flags)
    .jump("r5", "&", RING_FLAGS.JUMPED, "nothing")
    .label("kernels").jump("r1", "<=", "r2", "forward")
    .load(8, "r5", "r10", WALK.flags).alu64("r5", "|=", RING_FLAGS.JUMPED)
    .store(8, "r10", WALK.flags, "r5")
    .label("nothing").store(8, "r10", WALK.end, "r1").goto("set")
    .label("forward").move("r5", "r2").alu64("r5", "-=", "r1")
    .move("r0", "r3").alu64("r0", "-=", 8)
    .jump("r5", "<=", "r0", "set")
    .load(8, "r5", "r10", WALK.flags).alu64("r5", "|=", RING_FLAGS.WRAPPED)
    .store(8, "r10", WALK.flags, "r5")
    .jump("r4", "==", user, "consumed")
    .store(8, "r10", WALK.isSynced, 0)
    // The oldest eighth may be overwritten before it is read.
    .move("r1", "r2").alu64("r1", "-=", "r3")
    .alu64("r3", ">>=", 3).alu64("r1", "+=", "r3").goto("set")
    .label("consumed").load(8, "r1", "r10", RECORD + RING_RECORD.consumerPos)
    .jump("r1", "<=", "r2", "set").move("r1", "r2")
    .label("set").store(8, "r10", WALK.start, "r1");
}

/**
 * Has the verifier forget by which way the walk is begun: of what comes out of a map it knows nothing. Else it walks through the loop
 * once for each way.
 */
function forget(emit: Emitter, maps: RingMaps): void {
  const { asm } = emit;
  asm.mapValue("r1", maps.budget, 16);
  [WALK.start, WALK.end, WALK.isSynced, WALK.flags].forEach((at, i) => {
    asm.load(8, "r2", "r10", at).store(8, "r1", i * 8, "r2")
      .load(8, "r2", "r1", i * 8).store(8, "r10", at, "r2");
  });
}

/** Leaves in r3 how many headers may be read of this ring. */
function limit(
  emit: Emitter,
  maps: RingMaps,
  { context }: Target,
  mostAPass: number,
): void {
  const { asm } = emit;
  asm.load(8, "r1", "r10", CONTEXT)
    .load(8, "r1", "r1", emit.place([context, "meta"]).offset)
    .load(8, "r2", "r1", emit.place(["bpf_iter_meta", "session_id"]).offset)
    .mapValue("r1", maps.budget, 0)
    .load(8, "r3", "r1", 8).jump("r2", "==", "r3", "spent")
    .store(8, "r1", 8, "r2").move("r3", mostAPass).store(8, "r1", 0, "r3")
    .label("spent").load(8, "r3", "r1", 0)
    .jump("r3", ">", LEAST_A_RING, "left").move("r3", LEAST_A_RING)
    .label("left").jump("r3", "<=", MOST_A_RING, "most")
    .move("r3", MOST_A_RING)
    .label("most");
}

/** Keeps what the walk found, if no producer overwrote meanwhile what was read; all of the ring is read when `check` is. */
function settle(emit: Emitter, maps: RingMaps, check?: () => void): void {
  const { asm } = emit;
  const addFlag = (flag: number) =>
    asm.load(8, "r1", "r10", WALK.flags).alu64("r1", "|=", flag)
      .store(8, "r10", WALK.flags, "r1");
  const add = (member: number, from: () => void) => {
    from();
    asm.load(8, "r2", "r8", member).alu64("r1", "+=", "r2")
      .store(8, "r8", member, "r1");
  };
  asm.mapValue("r1", maps.budget, 0).load(8, "r2", "r1", 0)
    .load(8, "r3", "r10", WALK.steps).jump("r2", "<", "r3", "overspent")
    .alu64("r2", "-=", "r3").store(8, "r1", 0, "r2").goto("counted")
    .label("overspent").store(8, "r1", 0, 0).label("counted");
  asm.load(8, "r8", "r10", STATE).load(8, "r9", "r10", RING);
  position(emit, "producer_pos");
  if (check !== undefined) {
    asm.store(8, "r10", KEPT, "r0");
    check();
    asm.load(8, "r0", "r10", KEPT);
  }
  asm.load(8, "r1", "r10", WALK.start).alu64("r0", "-=", "r1")
    .load(8, "r1", "r10", RECORD + RING_RECORD.sizeBytes).alu64("r1", "-=", 8)
    .jump("r0", "<=", "r1", "intact")
    .load(8, "r1", "r10", WALK.isSynced).jump("r1", "==", 2, "intact");
  addFlag(RING_FLAGS.DROPPED).alu64("r1", "&=", ~RING_FLAGS.LIED)
    .store(8, "r10", WALK.flags, "r1").goto("settled")
    .label("intact")
    .load(8, "r1", "r10", WALK.end).jump("r6", ">=", "r1", "whole_walk")
    .load(8, "r1", "r10", WALK.flags)
    .jump("r1", "&", RING_FLAGS.BUSY | RING_FLAGS.LIED, "whole_walk");
  addFlag(RING_FLAGS.UNFINISHED)
    // A beginning that was not found yet.
    .load(8, "r1", "r10", WALK.isSynced).jump("r1", "!=", 0, "whole_walk")
    .load(8, "r1", "r10", WALK.start).move("r2", "r6").alu64("r2", "-=", "r1")
    .jump("r2", "<", 1024, "settled")
    .label("whole_walk");
  add(RING_STATE.events, () => asm.load(8, "r1", "r10", WALK.events));
  add(RING_STATE.discards, () => asm.load(8, "r1", "r10", WALK.discards));
  add(
    RING_STATE.walkedBytes,
    () =>
      asm.load(8, "r2", "r10", WALK.start).move("r1", "r6")
        .alu64("r1", "-=", "r2"),
  );
  asm.load(8, "r1", "r10", WALK.flags)
    .jump("r1", "&", RING_FLAGS.LIED, "behind").goto("stand")
    .label("behind")
    // Nor does the kernel's consumer pass by what user space wrote there, until it is a record.
    .load(8, "r1", "r10", WALK.isSynced).jump("r1", "==", 2, "stand")
    .load(8, "r6", "r10", WALK.end)
    .label("stand").store(8, "r8", RING_STATE.walkPos, "r6")
    .label("settled");
}

/** Ends with 1, which asks for the same map again, where a walk came further and may go on. Source: kernel/bpf/bpf_iter.c. */
function askAgain(emit: Emitter, maps: RingMaps): void {
  emit.asm.load(8, "r1", "r10", WALK.flags)
    .alu64("r1", "&=", RING_FLAGS.UNFINISHED | RING_FLAGS.DROPPED)
    .jump("r1", "!=", RING_FLAGS.UNFINISHED, "enough")
    .load(8, "r1", "r8", RING_STATE.walkPos).jump("r1", "!=", "r6", "enough")
    .mapValue("r1", maps.budget, 0).load(8, "r1", "r1", 0)
    .jump("r1", "==", 0, "enough")
    .move("r0", 1).exit()
    .label("enough");
}

/** Writes the record. */
function report(emit: Emitter, { context }: Target): void {
  const { asm } = emit;
  for (
    const member of [
      "events",
      "discards",
      "walkedBytes",
      "walkPos",
      "firstPos",
      "firstSeenNs",
    ] as const
  ) {
    asm.load(8, "r1", "r8", RING_STATE[member])
      .store(8, "r10", RECORD + RING_RECORD[member], "r1");
  }
  asm.load(8, "r1", "r10", WALK.flags)
    .store(4, "r10", RECORD + RING_RECORD.flags, "r1")
    .load(8, "r1", "r10", WALK.steps)
    .store(4, "r10", RECORD + RING_RECORD.steps, "r1")
    .load(8, "r1", "r10", CONTEXT)
    .load(8, "r1", "r1", emit.place([context, "meta"]).offset)
    .load(8, "r1", "r1", emit.place(["bpf_iter_meta", "seq"]).offset)
    .move("r2", "r10").alu64("r2", "+=", RECORD)
    .move("r3", RING_RECORD_BYTES).call(HELPER.seq_write);
}
