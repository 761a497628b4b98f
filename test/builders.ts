/**
 * Owns the small programs and attributes that tests of the kernel port make. In: a port and what matters to the test. Out:
 * descriptors, which the test closes. Works on the fake and on the real kernel alike.
 * @module
 */
import { loadProgram } from "../ffi/bpf.ts";
import type { KernelBuffer, KernelPort } from "../ffi/port.ts";

const encoder = new TextEncoder();

/** `r0 = 0; exit`, which the verifier takes for every type of program that needs no context. */
const RETURN_ZERO = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];

/** Loads `r0 = 0; exit`: a descriptor, or -errno. @param type `enum bpf_prog_type`, 1 is a socket filter */
export function loadReturnZero(
  kernel: KernelPort,
  { type = 1, name = "return_zero" } = {},
): number {
  const instructions = kernel.allocate(RETURN_ZERO.length);
  instructions.bytes.set(RETURN_ZERO);
  return loadProgram(kernel, { type, instructions, instructionCount: 2, name });
}

/** A NUL-terminated string in the kernel's reach. */
export function cString(kernel: KernelPort, text: string): KernelBuffer {
  const bytes = encoder.encode(`${text}\0`);
  const buffer = kernel.allocate(bytes.length);
  buffer.bytes.set(bytes);
  return buffer;
}

/** Calls bpf() with an attribute of 32-bit words, `size` bytes long (by default just these words). */
export function bpfWords(
  kernel: KernelPort,
  command: number,
  words: readonly number[],
  size: number = words.length * 4,
): number {
  const attr = new Uint8Array(Math.max(256, size));
  new Uint32Array(attr.buffer, 0, words.length).set(words);
  return kernel.bpf(command, attr, size);
}
