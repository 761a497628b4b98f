/**
 * Owns the consumer of a user ring buffer, which only a program can be. In: a port, a map's id. Out: everything that was there is consumed.
 * Source: kernel/bpf/ringbuf.c bpf_user_ringbuf_drain(), since 6.1.
 * @module
 */
import { assert } from "@std/assert";
import { Assembler } from "../../ffi/asm/assemble.ts";
import { withFunctions } from "../../ffi/iter/callbacks.ts";
import {
  Fd,
  type KernelPort,
  loadProgram,
  openObject,
  PROG_TYPES,
  testRunProgram,
} from "../../ffi/mod.ts";

const USER_RINGBUF_DRAIN = 209;
const FUNCTIONS = [
  { name: "drain", argumentCount: 1 },
  { name: "record", argumentCount: 2 },
];
const PACKET_BYTES = 64;

/** Consumes all records, up to the first that is not committed. */
export function drainUserRing(kernel: KernelPort, mapId: number): void {
  using map = owned(kernel, openObject(kernel, "map", mapId), "map");
  const asm = new Assembler();
  asm.mapFd("r1", map.number).functionAddress("r2", "record")
    .move("r3", 0).move("r4", 0).call(USER_RINGBUF_DRAIN)
    .move("r0", 0).exit()
    .label("record").move("r0", 0).exit();
  const code = asm.assemble();
  const instructions = kernel.allocate(code.length);
  instructions.bytes.set(code);
  using program = owned(
    kernel,
    withFunctions(kernel, asm, FUNCTIONS, (functions) =>
      loadProgram(kernel, {
        type: PROG_TYPES.indexOf("socket_filter"),
        instructions,
        instructionCount: code.length / 8,
        functions,
      })),
    "program",
  );
  const packet = kernel.allocate(PACKET_BYTES);
  const ran = testRunProgram(kernel, program.number, packet, PACKET_BYTES, 1);
  assert(ran >= 0, `errno ${-ran}`);
}

function owned(kernel: KernelPort, number: number, what: string): Fd {
  assert(number >= 0, `no ${what}: errno ${-number}`);
  return new Fd(kernel, number);
}
