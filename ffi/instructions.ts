/**
 * Owns how bytes and assembled programs come to memory that the kernel may be told of. In: a port, bytes. Out: a buffer that holds
 * them; of a program, what a ProgramSpec has of it.
 * @module
 */
import type { ProgramSpec } from "./bpf.ts";
import type { KernelBuffer, KernelPort } from "./port.ts";

/** `struct bpf_insn` */
const INSTRUCTION_BYTES = 8;

export function bufferOf(
  kernel: KernelPort,
  bytes: Uint8Array<ArrayBuffer>,
): KernelBuffer {
  const buffer = kernel.allocate(bytes.length);
  buffer.bytes.set(bytes);
  return buffer;
}

export function instructionsOf(
  kernel: KernelPort,
  code: Uint8Array<ArrayBuffer>,
): Pick<ProgramSpec, "instructions" | "instructionCount"> {
  return {
    instructions: bufferOf(kernel, code),
    instructionCount: code.length / INSTRUCTION_BYTES,
  };
}
