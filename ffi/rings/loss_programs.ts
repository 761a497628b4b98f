/**
 * Owns the programs that count, ring by ring, the calls that found no way into a ring buffer, and the one that forgets rings that are
 * gone. In: the kernel's BTF, maps of our own. Out: instructions. A call that got its record costs its caller two instructions of these
 * beside the trampoline; all else is behind the failure.
 * Source: kernel/bpf/ringbuf.c bpf_ringbuf_reserve(), bpf_ringbuf_output(), bpf_ringbuf_reserve_dynptr().
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import type { Btf } from "../btf/btf.ts";
import { Emitter, OBJECT, SCRATCH_BYTES } from "../iter/emitter.ts";
import type { IteratorPlan } from "../iter/open.ts";
import type { KernelPort } from "../port.ts";
import type { LossMaps } from "./program.ts";
import { RING_KEY_BYTES, RING_LOSS, RING_LOSS_BYTES } from "./record.ts";

/** A function by which programs write into rings. */
export interface RingEntry {
  readonly name: string;
  /** How it says that there is no record: NULL, or a negative error. */
  readonly failsWith: "null" | "error";
}

/** Each call of a program is one of these; none of them calls another one. */
export const RING_ENTRIES: readonly RingEntry[] = [
  { name: "bpf_ringbuf_reserve", failsWith: "null" },
  { name: "bpf_ringbuf_output", failsWith: "error" },
  // Since 5.19.
  { name: "bpf_ringbuf_reserve_dynptr", failsWith: "error" },
];

const TARGET = "bpf_map_elem";
const CONTEXT = "bpf_iter__bpf_map_elem";

/** What Btf.scan() is to look for, beside what rings need. */
export const RING_LOSS_TYPES = {
  structs: [CONTEXT],
  functions: [`bpf_iter_${TARGET}`, ...RING_ENTRIES.map(({ name }) => name)],
} as const;

const HELPER = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  map_delete_elem: 3,
  ktime_get_ns: 5,
} as const;
const BPF_NOEXIST = 1;
/** What an fexit program is given: BPF_CALL_x() of include/linux/filter.h gives each helper five arguments, then comes the answer. */
const ANSWER = 5 * 8;
const NS_PER_S = 1_000_000_000;
/** A ring that was not seen for so long is gone: a pass that goes before sees all that are there. */
const GONE_AFTER_S = 10;
/** `union bpf_iter_link_info` whose first member is a map's descriptor. */
const LIMIT_BYTES = 4;

/** On the stack, from r10. */
const VALUE = -RING_LOSS_BYTES;
const KEY = VALUE - RING_KEY_BYTES;
const SCRATCH = KEY - SCRATCH_BYTES;

/** Runs where the function ends. @throws {Absent} */
export function compileLossProbe(
  btf: Btf,
  { table, unplaced }: LossMaps,
  { failsWith }: RingEntry,
): Uint8Array<ArrayBuffer> {
  const asm = new Assembler();
  // The kernel gives these functions' arguments no types.
  const map = new Emitter(asm, btf, "probe", "bpf_map", SCRATCH);
  asm.load(8, "r0", "r1", ANSWER);
  if (failsWith === "null") asm.jump("r0", "!=", 0, "end");
  else asm.jump("r0", "s>=", 0, "end");
  asm.load(8, OBJECT, "r1", 0);
  map.value([["bpf_map", "id"]]);
  asm.store(8, "r10", KEY, "r0");
  map.value([["bpf_map", "cookie"]]);
  asm.store(8, "r10", KEY + 8, "r0");
  find(asm, table, "make");
  asm.label("add").move("r1", 1).addAtomic64("r0", RING_LOSS.lost, "r1")
    .goto("end")
    .label("make").call(HELPER.ktime_get_ns)
    .store(8, "r10", VALUE + RING_LOSS.seenNs, "r0")
    .store(8, "r10", VALUE + RING_LOSS.lost, 1)
    .mapFd("r1", table)
    .move("r2", "r10").alu64("r2", "+=", KEY)
    .move("r3", "r10").alu64("r3", "+=", VALUE)
    .move("r4", BPF_NOEXIST).call(HELPER.map_update_elem)
    .jump("r0", "==", 0, "end");
  // Another CPU made it at the same moment, or there is no room.
  find(asm, table, "unplaced");
  return asm.goto("add")
    .label("unplaced").mapValue("r1", unplaced, 0)
    .move("r2", 1).addAtomic64("r1", 0, "r2")
    .label("end").move("r0", 0).exit().assemble();
}

/** Reads nothing: a pass of it takes away what is counted of rings that are gone. It must follow upon a pass over the rings. */
export function lossSweepPlan(
  kernel: KernelPort,
  btf: Btf,
  { table }: LossMaps,
): IteratorPlan {
  const buffer = kernel.allocate(LIMIT_BYTES);
  buffer.view.setUint32(0, table, true);
  return {
    name: "bpfpulse_sweep",
    target: TARGET,
    optional: [],
    limits: { buffer, sizeBytes: LIMIT_BYTES },
    compile: () => ({
      code: compileSweep(btf, table),
      recordBytes: 8,
      fields: [],
      absent: {},
    }),
  };
}

function compileSweep(btf: Btf, table: number): Uint8Array<ArrayBuffer> {
  const asm = new Assembler();
  const emit = new Emitter(asm, btf, "typed", CONTEXT, SCRATCH);
  const offsetOf = (member: string) => emit.place([CONTEXT, member]).offset;
  asm.load(8, "r7", "r1", offsetOf("key")).jump("r7", "==", 0, "end")
    .load(8, "r8", "r1", offsetOf("value")).jump("r8", "==", 0, "end")
    .call(HELPER.ktime_get_ns)
    .load(8, "r1", "r8", RING_LOSS.seenNs)
    // Seen by another CPU since.
    .jump("r0", "<=", "r1", "end")
    .alu64("r0", "-=", "r1").alu64("r0", "/=", NS_PER_S)
    .jump("r0", "<", GONE_AFTER_S, "end");
  for (let at = 0; at < RING_KEY_BYTES; at += 8) {
    asm.load(8, "r0", "r7", at).store(8, "r10", KEY + at, "r0");
  }
  return asm.mapFd("r1", table).move("r2", "r10").alu64("r2", "+=", KEY)
    .call(HELPER.map_delete_elem)
    .label("end").move("r0", 0).exit().assemble();
}

/** Leaves the address of the ring's count in r0, or goes to `none`. */
function find(asm: Assembler, table: number, none: string): void {
  asm.mapFd("r1", table).move("r2", "r10").alu64("r2", "+=", KEY)
    .call(HELPER.map_lookup_elem).jump("r0", "==", 0, none);
}
