/**
 * Owns the numbers of eBPF instructions, under the signs that the kernel's verifier prints for them. In: nothing. Out:
 * constants and types for the assembler and the disassembler. Only forms that every kernel since 5.8 knows.
 * Source: Documentation/bpf/standardization/instruction-set.rst, kernel/bpf/disasm.c.
 * @module
 */

/** Lowest three bits of an opcode. */
export const CLASS = {
  LD: 0,
  LDX: 1,
  ST: 2,
  STX: 3,
  ALU32: 4,
  JMP: 5,
  JMP32: 6,
  ALU64: 7,
} as const;

/** The operand is a register; without it, the immediate. */
export const FROM_REGISTER = 0x08;

/** The mode of loads and stores: the one that takes an address and an offset. */
export const MODE_MEM = 0x60;

/** The mode of stores that change memory in one step; the immediate says how, and 0 adds. */
export const MODE_ATOMIC = 0xc0;

/** `r1 = VALUE ll`, the one instruction of two slots. */
export const LOAD_IMMEDIATE_64 = 0x18;

/** What the source register of LOAD_IMMEDIATE_64 makes of the immediate. */
export const IMMEDIATE = {
  VALUE: 0,
  MAP_FD: 1,
  MAP_VALUE: 2,
  FUNCTION: 4,
} as const;

/** What the source register of a call makes of the immediate. */
export const CALLED = { HELPER: 0, PROGRAM: 1, KERNEL_FUNCTION: 2 } as const;

/** Upper four bits of an opcode, by operator. */
export const ALU = {
  "+=": 0x00,
  "-=": 0x10,
  "*=": 0x20,
  "/=": 0x30,
  "|=": 0x40,
  "&=": 0x50,
  "<<=": 0x60,
  ">>=": 0x70,
  "%=": 0x90,
  "^=": 0xa0,
  "=": 0xb0,
  "s>>=": 0xc0,
} as const;

/** `r1 = -r1`, which has no operand. */
export const ALU_NEGATE = 0x80;

/** Upper four bits of an opcode, by condition; `s` compares with signs, `&` asks for a common bit. */
export const JUMP = {
  "==": 0x10,
  ">": 0x20,
  ">=": 0x30,
  "&": 0x40,
  "!=": 0x50,
  "s>": 0x60,
  "s>=": 0x70,
  "<": 0xa0,
  "<=": 0xb0,
  "s<": 0xc0,
  "s<=": 0xd0,
} as const;

export const JUMP_ALWAYS = 0x00;
export const JUMP_CALL = 0x80;
export const JUMP_EXIT = 0x90;

/** Bits of an opcode, by the bytes that a load or store moves. */
export const WIDTH = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 } as const;

/** r0 results, r1 to r5 arguments, r6 to r9 kept by calls, r10 the end of a stack of 512 bytes. */
export const REGISTERS = [
  "r0",
  "r1",
  "r2",
  "r3",
  "r4",
  "r5",
  "r6",
  "r7",
  "r8",
  "r9",
  "r10",
] as const;

export type Register = typeof REGISTERS[number];
export type AluOperator = keyof typeof ALU;
export type Condition = keyof typeof JUMP;
export type Width = keyof typeof WIDTH;
/** A register, or a value that fits into 32 bits with its sign. */
export type Operand = Register | number;

/** `struct bpf_insn`. */
export const SLOT_BYTES = 8;
