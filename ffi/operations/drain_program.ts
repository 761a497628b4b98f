/**
 * Owns the program that reads the rows of counts and takes away those that have come to rest. In: the maps. Out: a plan of an
 * iterator over their elements. At the end of a pass the halves change places: what is counted from then on is read by the pass
 * after the next one. So a row is told once, and the map never fills with what is over.
 * Source: kernel/bpf/hashtab.c bpf_hash_map_seq_show(), kernel/bpf/map_iter.c.
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import type { Btf } from "../btf/btf.ts";
import type { KernelPort } from "../port.ts";
import { Emitter } from "../iter/emitter.ts";
import type { IteratorPlan } from "../iter/open.ts";
import { END, HALF_BIT, type OperationMaps, ROW, STATE } from "./layout.ts";

const CONTEXT = "bpf_iter__bpf_map_elem";
const TARGET = "bpf_map_elem";
const SEQ_WRITE = 127;
const MAP_DELETE_ELEM = 3;
/** `union bpf_iter_link_info` whose first member is a map's descriptor. */
const LIMIT_BYTES = 4;

/** What Btf.scan() is to look for. */
export const DRAIN_TYPES = {
  structs: [CONTEXT, "bpf_iter_meta"],
  functions: [`bpf_iter_${TARGET}`],
} as const;

/** On the stack, from r10. */
const AT = { row: -ROW.bytes, key: -ROW.bytes - ROW.keyBytes } as const;

export function drainPlan(
  kernel: KernelPort,
  btf: Btf,
  maps: OperationMaps,
): IteratorPlan {
  const buffer = kernel.allocate(LIMIT_BYTES);
  buffer.view.setUint32(0, maps.rows, true);
  return {
    name: "bpfpulse_drain",
    target: TARGET,
    optional: [],
    limits: { buffer, sizeBytes: LIMIT_BYTES },
    compile: () => ({
      code: compileDrain(btf, maps),
      recordBytes: ROW.bytes,
      fields: [],
      absent: {},
    }),
  };
}

function compileDrain(btf: Btf, maps: OperationMaps): Uint8Array<ArrayBuffer> {
  const asm = new Assembler();
  const emit = new Emitter(asm, btf, "typed", CONTEXT, AT.key);
  const offsetOf = (member: string) => emit.place([CONTEXT, member]).offset;
  /** Goes to `end` where there was no room: the element is shown again. */
  const write = () => {
    asm.load(8, "r1", "r6", offsetOf("meta"))
      .load(8, "r1", "r1", emit.place(["bpf_iter_meta", "seq"]).offset)
      .move("r2", "r10").alu64("r2", "+=", AT.row)
      .move("r3", ROW.bytes).call(SEQ_WRITE)
      .jump("r0", "!=", 0, "end");
  };
  asm.move("r6", "r1")
    .load(8, "r7", "r6", offsetOf("key")).jump("r7", "==", 0, "last")
    .load(8, "r8", "r6", offsetOf("value")).jump("r8", "==", 0, "last")
    .mapValue("r1", maps.state, STATE.half).load(4, "r1", "r1", 0)
    .load(4, "r9", "r7", ROW.command)
    .alu32("r1", "^=", "r9").alu32("r1", "&=", HALF_BIT)
    .jump32("r1", "==", 0, "end");
  for (let at = 0; at < ROW.keyBytes; at += 8) {
    asm.load(8, "r0", "r7", at)
      .store(8, "r10", AT.row + at, "r0").store(8, "r10", AT.key + at, "r0");
  }
  for (let at = ROW.keyBytes; at < ROW.bytes; at += 8) {
    asm.load(8, "r0", "r8", at - ROW.keyBytes)
      .store(8, "r10", AT.row + at, "r0");
  }
  asm.alu32("r9", "&=", ~HALF_BIT)
    .store(4, "r10", AT.row + ROW.command, "r9");
  write();
  asm.mapFd("r1", maps.rows)
    .move("r2", "r10").alu64("r2", "+=", AT.key)
    .call(MAP_DELETE_ELEM).goto("end")
    .label("last");
  for (let at = 0; at < ROW.bytes; at += 8) {
    asm.store(8, "r10", AT.row + at, 0);
  }
  asm.store(4, "r10", AT.row + ROW.command, END | 0)
    .mapValue("r8", maps.state, 0)
    .load(8, "r0", "r8", STATE.lost)
    .store(8, "r10", AT.row + ROW.count, "r0");
  write();
  return asm.load(4, "r0", "r8", STATE.half).alu32("r0", "^=", HALF_BIT)
    .store(4, "r8", STATE.half, "r0")
    .label("end").move("r0", 0).exit().assemble();
}
