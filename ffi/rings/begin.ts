/**
 * Owns by which ways the ring programs come to a ring: from map to map, or from what is remembered of it. In: an emitter. Out:
 * instructions that leave the map in r7 and the ring's address in r9, both also where they are found again.
 *
 * What is remembered is an address, and the ring that was there may be gone at any moment: no reference keeps it. Loads from what is gone
 * read 0, or what is there now, so all that is read is believed only if the map was there before and is still there after: its id, its
 * cookie, which is never given out twice, and somebody who holds it. The kernel takes the id away before it frees anything.
 * Source: kernel/bpf/syscall.c bpf_map_put(), kernel/bpf/hashtab.c bpf_hash_map_seq_next().
 * @module
 */
import { type Emitter, OBJECT } from "../iter/emitter.ts";
import { MAP_TYPES } from "../names.ts";
import { RING_RECORD, RING_STATE } from "./record.ts";
import {
  CONTEXT,
  HELPER,
  KEPT,
  KEY,
  lookUpState,
  RECORD,
  RING,
  STATE,
  WALK,
} from "./stack.ts";

const BPF_NOEXIST = 1;

/** What a ring program iterates over, and the context that it is given. */
export interface Target {
  readonly target: string;
  readonly context: string;
}

export const MAPS: Target = {
  target: "bpf_map",
  context: "bpf_iter__bpf_map",
};
/** Elements of the index, since 5.9. */
export const KNOWN: Target = {
  target: "bpf_map_elem",
  context: "bpf_iter__bpf_map_elem",
};

/** Goes to `end` where the map is no ring. */
export function beginMap(emit: Emitter): void {
  const { asm } = emit;
  const map = (path: string) => emit.place(["bpf_map", path]).offset;
  asm.load(8, OBJECT, "r1", emit.place([MAPS.context, "map"]).offset)
    .jump(OBJECT, "==", 0, "end")
    .load(4, "r0", OBJECT, map("map_type"))
    .jump("r0", "==", MAP_TYPES.indexOf("ringbuf"), "ring")
    .jump("r0", "!=", MAP_TYPES.indexOf("user_ringbuf"), "end")
    .label("ring").store(8, "r10", CONTEXT, "r1")
    .store(4, "r10", RECORD + RING_RECORD.type, "r0")
    .load(4, "r0", OBJECT, map("id"))
    .store(4, "r10", RECORD + RING_RECORD.id, "r0")
    .store(8, "r10", KEY, "r0")
    .store(8, "r10", RECORD + RING_RECORD.cookie, 0);
  if (emit.has([["bpf_map", "cookie"]])) {
    asm.load(8, "r0", OBJECT, map("cookie"))
      .store(8, "r10", RECORD + RING_RECORD.cookie, "r0");
  }
  asm.load(8, "r0", "r10", RECORD + RING_RECORD.cookie)
    .store(8, "r10", KEY + 8, "r0");
  takeRing(emit);
}

/** Leaves the ring's state in r8 besides; goes to `end` behind the last one, and to `gone` where the ring is not what it was. */
export function beginKnown(emit: Emitter, states: number): void {
  const { asm } = emit;
  const context = (path: string) => emit.place([KNOWN.context, path]).offset;
  asm.load(8, "r2", "r1", context("key")).jump("r2", "==", 0, "end")
    .store(8, "r10", CONTEXT, "r1")
    .load(8, "r0", "r2", 0).store(8, "r10", KEY, "r0")
    .store(4, "r10", RECORD + RING_RECORD.id, "r0")
    .load(8, "r0", "r2", 8).store(8, "r10", KEY + 8, "r0")
    .store(8, "r10", RECORD + RING_RECORD.cookie, "r0");
  lookUpState(asm, states).jump("r0", "==", 0, "gone")
    .move("r8", "r0").store(8, "r10", STATE, "r8");
  checkIsThere(emit);
  asm.load(4, "r0", OBJECT, emit.place(["bpf_map", "map_type"]).offset)
    .store(4, "r10", RECORD + RING_RECORD.type, "r0");
  takeRing(emit);
}

/** Goes to `gone` where the state in r8 is not that of a map that is there. */
export function checkIsThere(emit: Emitter): void {
  const { asm } = emit;
  const map = (path: string) => emit.place(["bpf_map", path]).offset;
  const isRing = emit.fresh();
  asm.load(8, "r1", "r8", RING_STATE.map);
  emit.view("bpf_map");
  asm.move(OBJECT, "r0")
    .load(4, "r0", OBJECT, map("map_type"))
    .jump("r0", "==", MAP_TYPES.indexOf("ringbuf"), isRing)
    .jump("r0", "!=", MAP_TYPES.indexOf("user_ringbuf"), "gone")
    .label(isRing)
    .load(8, "r0", OBJECT, map("cookie")).load(8, "r1", "r10", KEY + 8)
    .jump("r0", "!=", "r1", "gone")
    .load(8, "r0", OBJECT, map("refcnt.counter"))
    .jump("r0", "==", 0, "gone");
  emit.address([["bpf_ringbuf_map", "rb"]]);
  asm.load(8, "r1", "r8", RING_STATE.ring).jump("r0", "!=", "r1", "gone")
    // The last of all, for it is the first that is taken away.
    .load(4, "r0", OBJECT, map("id")).load(4, "r1", "r10", KEY)
    .jump("r0", "!=", "r1", "gone");
}

/** Has the ring in r9, of the map in r7 and the state in r8, found again, if there is room for it in the index. */
export function keepWay({ asm }: Emitter, index: number): void {
  asm.store(8, "r8", RING_STATE.map, OBJECT)
    .store(8, "r10", KEPT, 0)
    .mapFd("r1", index).move("r2", "r10").alu64("r2", "+=", KEY)
    .move("r3", "r10").alu64("r3", "+=", KEPT).move("r4", BPF_NOEXIST)
    .call(HELPER.map_update_elem);
}

/** At `gone`: what `maps` hold of the ring goes. */
export function forgetGone({ asm }: Emitter, maps: readonly number[]): void {
  asm.label("gone");
  for (const map of maps) {
    asm.mapFd("r1", map).move("r2", "r10").alu64("r2", "+=", KEY)
      .call(HELPER.map_delete_elem);
  }
}

/** Takes from the map in r7 what is the same in every way. */
function takeRing(emit: Emitter): void {
  const { asm } = emit;
  asm.load(4, "r0", OBJECT, emit.place(["bpf_map", "max_entries"]).offset)
    .store(8, "r10", RECORD + RING_RECORD.sizeBytes, "r0")
    .alu64("r0", "-=", 1).store(8, "r10", WALK.mask, "r0");
  emit.address([["bpf_ringbuf_map", "rb"]]);
  asm.move("r9", "r0").store(8, "r10", RING, "r9")
    .store(8, "r10", WALK.flags, 0);
}
