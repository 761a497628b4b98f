/**
 * Owns the few eBPF programs that tests load. In: numbers. Out: `struct bpf_insn` records, 8 bytes each.
 * Source: Documentation/bpf/standardization/instruction-set.rst.
 * @module
 */

/** `return value;` */
export function returns(value: number): Uint8Array {
  return program([mov(0, value), EXIT]);
}

/** `return value;` after `count` instructions that do nothing, for programs of different size and tag. */
export function padded(count: number, value: number): Uint8Array {
  const padding = Array.from({ length: count }, (_, i) => mov(0, i));
  return program([...padding, mov(0, value), EXIT]);
}

/** Refers to the map behind descriptor `fd`, so that the program holds it. */
export function usesMap(fd: number, value: number): Uint8Array {
  return program([
    [0x18, 1, 1, 0, fd],
    [0, 0, 0, 0, 0],
    mov(0, value),
    EXIT,
  ]);
}

/** Calls a function of its own, so that the program has two functions. */
export function callsItself(value: number): Uint8Array {
  return program([
    [0x85, 0, 1, 0, 1],
    EXIT,
    mov(0, value),
    EXIT,
  ]);
}

type Instruction = readonly [
  code: number,
  dst: number,
  src: number,
  off: number,
  imm: number,
];

const EXIT: Instruction = [0x95, 0, 0, 0, 0];

function mov(register: number, value: number): Instruction {
  return [0xb7, register, 0, 0, value];
}

function program(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, dst, src, off, imm]] of instructions.entries()) {
    bytes[i * 8] = code;
    bytes[i * 8 + 1] = (src << 4) | dst;
    view.setInt16(i * 8 + 2, off, true);
    view.setInt32(i * 8 + 4, imm, true);
  }
  return bytes;
}
