/**
 * Owns the text of eBPF instructions, in the words of the kernel's verifier, so that its complaints can be read beside it.
 * In: `struct bpf_insn` records, whatever they are. Out: a line an instruction; `?` for what is not known here. Never throws.
 * Source: kernel/bpf/disasm.c print_bpf_insn().
 * @module
 */
import {
  ALU,
  ALU_NEGATE,
  CALLED,
  CLASS,
  FROM_REGISTER,
  IMMEDIATE,
  JUMP,
  JUMP_ALWAYS,
  JUMP_CALL,
  JUMP_EXIT,
  LOAD_IMMEDIATE_64,
  MODE_ATOMIC,
  MODE_MEM,
  SLOT_BYTES,
  WIDTH,
} from "./opcode.ts";

interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly offset: number;
  readonly immediate: number;
}

/** Lines as `3: (79) r7 = *(u64 *)(r1 +8)`, numbered by slot; a last slot that is not whole is left out. */
export function disassemble(program: Uint8Array): string[] {
  const view = new DataView(
    program.buffer,
    program.byteOffset,
    program.byteLength,
  );
  const lines: string[] = [];
  const slots = Math.floor(program.length / SLOT_BYTES);
  for (let slot = 0; slot < slots; slot++) {
    const instruction = read(view, slot);
    const start = slot;
    let text: string | undefined;
    if (instruction.code === LOAD_IMMEDIATE_64 && slot + 1 < slots) {
      text = wideText(instruction, read(view, ++slot).immediate);
    } else text = textOf(instruction);
    const code = instruction.code.toString(16).padStart(2, "0");
    lines.push(`${start}: (${code}) ${text ?? "?"}`);
  }
  return lines;
}

function read(view: DataView, slot: number): Instruction {
  const at = slot * SLOT_BYTES;
  const registers = view.getUint8(at + 1);
  return {
    code: view.getUint8(at),
    dst: registers & 0xf,
    src: registers >> 4,
    offset: view.getInt16(at + 2, true),
    immediate: view.getInt32(at + 4, true),
  };
}

function wideText(
  { dst, src, immediate }: Instruction,
  upper: number,
): string | undefined {
  switch (src) {
    case IMMEDIATE.VALUE: {
      const high = BigInt.asUintN(32, BigInt(upper)) << 32n;
      const value = high | BigInt.asUintN(32, BigInt(immediate));
      return `r${dst} = 0x${value.toString(16)}`;
    }
    case IMMEDIATE.MAP_FD:
      return `r${dst} = map[fd:${immediate}]`;
    case IMMEDIATE.MAP_VALUE:
      return `r${dst} = map[fd:${immediate}][0]+${upper}`;
    case IMMEDIATE.FUNCTION:
      return `r${dst} = subprog[${signed(immediate)}]`;
    default:
      return undefined;
  }
}

function textOf(instruction: Instruction): string | undefined {
  switch (instruction.code & 0x07) {
    case CLASS.ALU64:
      return aluText(instruction, "r");
    case CLASS.ALU32:
      return aluText(instruction, "w");
    case CLASS.JMP:
      return jumpText(instruction, "r");
    case CLASS.JMP32:
      return jumpText(instruction, "w");
    default:
      return memoryText(instruction);
  }
}

const OPERATORS = signsByBits(ALU);
const CONDITIONS = signsByBits(JUMP);
const WIDTHS = signsByBits(WIDTH);

function signsByBits(
  table: Readonly<Record<string, number>>,
): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([sign, bits]) => [bits, sign]));
}

function aluText(
  { code, dst, src, offset, immediate }: Instruction,
  letter: string,
): string | undefined {
  // Later kernels make signed division and signed moves of it.
  if (offset !== 0) return undefined;
  const bits = code & 0xf0;
  if (bits === ALU_NEGATE) return `${letter}${dst} = -${letter}${dst}`;
  const operator = OPERATORS.get(bits);
  if (operator === undefined) return undefined;
  const operand = code & FROM_REGISTER ? `${letter}${src}` : String(immediate);
  return `${letter}${dst} ${operator} ${operand}`;
}

function jumpText(
  { code, dst, src, offset, immediate }: Instruction,
  letter: string,
): string | undefined {
  const bits = code & 0xf0;
  const target = `goto pc${signed(offset)}`;
  const condition = CONDITIONS.get(bits);
  if (condition !== undefined) {
    const right = code & FROM_REGISTER
      ? `${letter}${src}`
      : `0x${(immediate >>> 0).toString(16)}`;
    return `if ${letter}${dst} ${condition} ${right} ${target}`;
  }
  if ((code & 0x07) !== CLASS.JMP || code & FROM_REGISTER) return undefined;
  switch (bits) {
    case JUMP_ALWAYS:
      return target;
    case JUMP_EXIT:
      return "exit";
    case JUMP_CALL:
      return callText(src, immediate);
    default:
      return undefined;
  }
}

function callText(source: number, immediate: number): string | undefined {
  switch (source) {
    case CALLED.HELPER:
      return `call helper#${immediate}`;
    case CALLED.PROGRAM:
      return `call pc${signed(immediate)}`;
    case CALLED.KERNEL_FUNCTION:
      return `call kernel-function#${immediate}`;
    default:
      return undefined;
  }
}

function memoryText(
  { code, dst, src, offset, immediate }: Instruction,
): string | undefined {
  const width = WIDTHS.get(code & 0x18);
  const type = `u${Number(width) * 8}`;
  const at = (base: number): string =>
    `*(${type} *)(r${base} ${signed(offset)})`;
  if (code === (CLASS.STX | MODE_ATOMIC | WIDTH[8]) && immediate === 0) {
    return `lock ${at(dst)} += r${src}`;
  }
  if ((code & 0xe0) !== MODE_MEM || width === undefined) return undefined;
  switch (code & 0x07) {
    case CLASS.LDX:
      return `r${dst} = ${at(src)}`;
    case CLASS.STX:
      return `${at(dst)} = r${src}`;
    case CLASS.ST:
      return `${at(dst)} = ${immediate}`;
    default:
      return undefined;
  }
}

function signed(value: number): string {
  return value < 0 ? String(value) : `+${value}`;
}
