/**
 * Owns the making of eBPF programs. In: instructions, one call each, and labels. Out: `struct bpf_insn` records. Whatever does
 * not fit into an instruction is an AssembleError that names the instruction: nothing is cut short. It does not know what
 * the verifier allows.
 * @module
 */
import {
  ALU,
  ALU_NEGATE,
  type AluOperator,
  CALLED,
  CLASS,
  type Condition,
  FROM_REGISTER,
  IMMEDIATE,
  JUMP,
  JUMP_ALWAYS,
  JUMP_CALL,
  JUMP_EXIT,
  LOAD_IMMEDIATE_64,
  MODE_ATOMIC,
  MODE_MEM,
  type Operand,
  type Register,
  REGISTERS,
  WIDTH,
  type Width,
} from "./opcode.ts";

/** A program that cannot be. */
export class AssembleError extends Error {
  override readonly name = "AssembleError";
}

/** A jump whose way is known once all labels are. */
interface Jump {
  readonly slot: number;
  readonly label: string;
  /** The distance is the immediate, as of a function's address. */
  readonly isFar?: boolean;
}

/** One program, written from its first instruction to its last. Every method answers the assembler itself. */
export class Assembler {
  /** Two for each slot: opcode, registers and offset; immediate. */
  readonly #words: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: Jump[] = [];

  /** Slots so far: one an instruction, two for a 64-bit immediate. */
  get slotCount(): number {
    return this.#words.length / 2;
  }

  /** Names the next instruction. @throws {AssembleError} where the name is taken. */
  label(name: string): this {
    if (this.#labels.has(name)) {
      throw this.#fault(`label ${name} once`, "it a second time");
    }
    this.#labels.set(name, this.slotCount);
    return this;
  }

  /** `dst OPERATOR operand` in 64 bits, as `r1 += 8`; an immediate is extended with its sign. */
  alu64(dst: Register, operator: AluOperator, operand: Operand): this {
    this.#checkShift(operator, operand, 64);
    return this.#withOperand(CLASS.ALU64 | ALU[operator], dst, operand, 0);
  }

  /** The same in 32 bits; the upper half of `dst` becomes 0. */
  alu32(dst: Register, operator: AluOperator, operand: Operand): this {
    this.#checkShift(operator, operand, 32);
    return this.#withOperand(CLASS.ALU32 | ALU[operator], dst, operand, 0);
  }

  /** `dst = -dst`. */
  negate64(dst: Register): this {
    return this.#emit(CLASS.ALU64 | ALU_NEGATE, dst);
  }

  /** The same in 32 bits. */
  negate32(dst: Register): this {
    return this.#emit(CLASS.ALU32 | ALU_NEGATE, dst);
  }

  /** `dst = operand` in 64 bits, the most frequent one. */
  move(dst: Register, operand: Operand): this {
    return this.alu64(dst, "=", operand);
  }

  /** `dst = value`, all 64 bits of it. @param value signed or unsigned */
  immediate64(dst: Register, value: bigint): this {
    if (value < -(1n << 63n) || value >= 1n << 64n) {
      throw this.#fault("a value of 64 bits", String(value));
    }
    return this.#wide(
      dst,
      IMMEDIATE.VALUE,
      Number(BigInt.asIntN(32, value)),
      Number(BigInt.asIntN(32, value >> 32n)),
    );
  }

  /** `dst` becomes the map behind a descriptor, as helpers take it. */
  mapFd(dst: Register, fd: number): this {
    return this.#wide(dst, IMMEDIATE.MAP_FD, fd, 0);
  }

  /** `dst` becomes the address of the value of an array map of one element, `offset` bytes into it. Since 5.2. */
  mapValue(dst: Register, fd: number, offset: number): this {
    return this.#wide(dst, IMMEDIATE.MAP_VALUE, fd, offset);
  }

  /** `dst` becomes the function at `label`, as helpers that call back take it. The program must have BTF of its functions. Since 5.13. */
  functionAddress(dst: Register, label: string): this {
    this.#jumps.push({ slot: this.slotCount, label, isFar: true });
    return this.#wide(dst, IMMEDIATE.FUNCTION, 0, 0);
  }

  /** The slot that `label` names. @throws {AssembleError} where nothing has the name */
  slotOf(label: string): number {
    const slot = this.#labels.get(label);
    if (slot === undefined) throw this.#fault(`label ${label}`, "none");
    return slot;
  }

  /** `dst = *(WIDTH *)(base + offset)`, without a sign. Through a pointer with a BTF type it is a load of the kernel's. */
  load(width: Width, dst: Register, base: Register, offset: number): this {
    const code = CLASS.LDX | MODE_MEM | WIDTH[width];
    return this.#emit(code, dst, base, offset);
  }

  /** `*(WIDTH *)(base + offset) = operand`; an immediate is extended with its sign. */
  store(width: Width, base: Register, offset: number, operand: Operand): this {
    const code = MODE_MEM | WIDTH[width];
    return typeof operand === "number"
      ? this.#emit(CLASS.ST | code, base, "r0", offset, operand)
      : this.#emit(CLASS.STX | code, base, operand, offset);
  }

  /** `*(u64 *)(base + offset) += src`, whole, whoever else does the same. */
  addAtomic64(base: Register, offset: number, src: Register): this {
    return this.#emit(CLASS.STX | MODE_ATOMIC | WIDTH[8], base, src, offset);
  }

  /** Goes to `label` where `left CONDITION right` in 64 bits. */
  jump(
    left: Register,
    condition: Condition,
    right: Operand,
    label: string,
  ): this {
    this.#jumps.push({ slot: this.slotCount, label });
    return this.#withOperand(CLASS.JMP | JUMP[condition], left, right, 0);
  }

  /** The same for the lower 32 bits. Since 5.1. */
  jump32(
    left: Register,
    condition: Condition,
    right: Operand,
    label: string,
  ): this {
    this.#jumps.push({ slot: this.slotCount, label });
    return this.#withOperand(CLASS.JMP32 | JUMP[condition], left, right, 0);
  }

  goto(label: string): this {
    this.#jumps.push({ slot: this.slotCount, label });
    return this.#emit(CLASS.JMP | JUMP_ALWAYS, "r0");
  }

  /** Calls helper `id` of `enum bpf_func_id`. */
  call(id: number): this {
    return this.#emit(CLASS.JMP | JUMP_CALL, "r0", "r0", 0, id);
  }

  /** Calls a function of the kernel that programs may call, given its BTF id in the kernel's own BTF. Since 5.13. */
  callKernelFunction(btfId: number): this {
    const code = CLASS.JMP | JUMP_CALL;
    return this.#emit(code, "r0", REGISTERS[CALLED.KERNEL_FUNCTION], 0, btfId);
  }

  exit(): this {
    return this.#emit(CLASS.JMP | JUMP_EXIT, "r0");
  }

  /** The whole program. @throws {AssembleError} where a jump has no label, or one too far away. */
  assemble(): Uint8Array<ArrayBuffer> {
    const words = Uint32Array.from(this.#words);
    for (const { slot, label, isFar } of this.#jumps) {
      const target = this.#labels.get(label);
      if (target === undefined || target >= this.slotCount) {
        const what = target === undefined ? "none" : "it behind the last one";
        throw this.#fault(`an instruction with label ${label}`, what, slot);
      }
      const distance = target - slot - 1;
      if (isFar) {
        words[slot * 2 + 1] = distance;
        continue;
      }
      if (!fits(distance, 16)) {
        throw this.#fault(
          `label ${label} within 32767 instructions`,
          `it ${distance} away`,
          slot,
        );
      }
      words[slot * 2] |= distance << 16;
    }
    return new Uint8Array(words.buffer);
  }

  #withOperand(
    code: number,
    dst: Register,
    operand: Operand,
    offset: number,
  ): this {
    return typeof operand === "number"
      ? this.#emit(code, dst, "r0", offset, operand)
      : this.#emit(code | FROM_REGISTER, dst, operand, offset);
  }

  #wide(dst: Register, source: number, low: number, high: number): this {
    this.#emit(LOAD_IMMEDIATE_64, dst, REGISTERS[source], 0, low);
    this.#checkImmediate(high);
    this.#words.push(0, high);
    return this;
  }

  #emit(
    code: number,
    dst: Register,
    src: Register = "r0",
    offset = 0,
    immediate = 0,
  ): this {
    if (!fits(offset, 16)) throw this.#fault("an offset of 16 bits", offset);
    this.#checkImmediate(immediate);
    const registers = (REGISTERS.indexOf(src) << 4) | REGISTERS.indexOf(dst);
    this.#words.push(code | (registers << 8) | (offset << 16), immediate);
    return this;
  }

  #checkImmediate(value: number): void {
    if (!fits(value, 32)) {
      throw this.#fault("an immediate of 32 bits with its sign", value);
    }
  }

  #checkShift(operator: AluOperator, operand: Operand, bits: number): void {
    if (!operator.includes("<<") && !operator.includes(">>")) return;
    if (typeof operand === "number" && (operand < 0 || operand >= bits)) {
      throw this.#fault(`a shift by 0 to ${bits - 1}`, operand);
    }
  }

  #fault(
    expected: string,
    found: string | number,
    slot = this.slotCount,
  ): AssembleError {
    return new AssembleError(
      `Cannot assemble instruction ${slot}: expected ${expected}, found ${found}`,
    );
  }
}

/** Whether a whole number has at most `bits` bits, its sign among them. */
function fits(value: number, bits: number): boolean {
  const limit = 2 ** (bits - 1);
  return Number.isInteger(value) && value >= -limit && value < limit;
}
