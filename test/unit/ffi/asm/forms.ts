/**
 * Owns one program of every form of instruction that the assembler makes, with the text that others have for each. In:
 * nothing. Out: rows for the tests of both directions. Bytes are written out where LLVM's assembler has no text.
 * @module
 */
import type { Assembler } from "../../../../ffi/asm/assemble.ts";
import {
  ALU,
  type AluOperator,
  type Condition,
  JUMP,
  type Width,
} from "../../../../ffi/asm/opcode.ts";

/** One instruction. */
export interface Form {
  /** As LLVM writes it. */
  readonly llvm: string;
  /** As the verifier writes it, without number and opcode. */
  readonly verifier: string;
  /** Called with a label `there`, which is the next instruction but one. */
  readonly write: (asm: Assembler) => void;
}

export const OPERATORS = Object.keys(ALU) as AluOperator[];
export const CONDITIONS = Object.keys(JUMP) as Condition[];
export const WIDTHS: readonly Width[] = [1, 2, 4, 8];

function same(text: string, write: Form["write"]): Form {
  return { llvm: text, verifier: text, write };
}

function aluForms(): Form[] {
  return OPERATORS.flatMap((operator) => [
    same(`r1 ${operator} r2`, (asm) => asm.alu64("r1", operator, "r2")),
    same(`r3 ${operator} 7`, (asm) => asm.alu64("r3", operator, 7)),
    same(`w4 ${operator} w5`, (asm) => asm.alu32("r4", operator, "r5")),
    same(`w6 ${operator} 31`, (asm) => asm.alu32("r6", operator, 31)),
  ]).concat(
    same("r9 = -r9", (asm) => asm.negate64("r9")),
    same("w0 = -w0", (asm) => asm.negate32("r0")),
    same("r7 += -8", (asm) => asm.alu64("r7", "+=", -8)),
    same("r8 = -2147483648", (asm) => asm.move("r8", -(2 ** 31))),
    same("r8 = 2147483647", (asm) => asm.move("r8", 2 ** 31 - 1)),
    same("r6 = r10", (asm) => asm.move("r6", "r10")),
  );
}

function jumpForms(): Form[] {
  return CONDITIONS.flatMap((condition) =>
    ([["r", "jump"], ["w", "jump32"]] as const).flatMap(([letter, method]) => {
      const left = `if ${letter}1 ${condition}`;
      return [
        {
          llvm: `${left} ${letter}2 goto +1`,
          verifier: `${left} ${letter}2 goto pc+1`,
          write: (asm: Assembler) =>
            asm[method]("r1", condition, "r2", "there"),
        },
        {
          llvm: `${left} 10 goto +1`,
          verifier: `${left} 0xa goto pc+1`,
          write: (asm: Assembler) => asm[method]("r1", condition, 10, "there"),
        },
        {
          llvm: `${left} -1 goto +1`,
          verifier: `${left} 0xffffffff goto pc+1`,
          write: (asm: Assembler) => asm[method]("r1", condition, -1, "there"),
        },
      ];
    })
  ).concat({
    llvm: "goto +1",
    verifier: "goto pc+1",
    write: (asm) => asm.goto("there"),
  });
}

function memoryForms(): Form[] {
  return WIDTHS.flatMap((width) => {
    const type = `u${width * 8}`;
    const register = width === 8 ? "r" : "w";
    return [
      {
        llvm: `${register}1 = *(${type} *)(r2 + 32767)`,
        verifier: `r1 = *(${type} *)(r2 +32767)`,
        write: (asm: Assembler) => asm.load(width, "r1", "r2", 32767),
      },
      {
        llvm: `*(${type} *)(r10 - 32768) = ${register}3`,
        verifier: `*(${type} *)(r10 -32768) = r3`,
        write: (asm: Assembler) => asm.store(width, "r10", -32768, "r3"),
      },
      {
        llvm: `*(${type} *)(r10 - 16) = -5`,
        verifier: `*(${type} *)(r10 -16) = -5`,
        write: (asm: Assembler) => asm.store(width, "r10", -16, -5),
      },
    ];
  });
}

function otherForms(): Form[] {
  return [
    {
      llvm: "r1 = 81985529216486895 ll",
      verifier: "r1 = 0x123456789abcdef",
      write: (asm) => asm.immediate64("r1", 0x0123_4567_89ab_cdefn),
    },
    {
      llvm: "r2 = -2 ll",
      verifier: "r2 = 0xfffffffffffffffe",
      write: (asm) => asm.immediate64("r2", -2n),
    },
    {
      llvm: "call 127",
      verifier: "call helper#127",
      write: (asm) => asm.call(127),
    },
    {
      llvm: "lock *(u64 *)(r1 + 8) += r2",
      verifier: "lock *(u64 *)(r1 +8) += r2",
      write: (asm) => asm.addAtomic64("r1", 8, "r2"),
    },
    same("exit", (asm) => asm.exit()),
  ];
}

/** All that LLVM can write down; some of it only since LLVM 15 or 17. */
export const FORMS: readonly Form[] = [
  ...aluForms(),
  ...jumpForms(),
  ...memoryForms(),
  ...otherForms(),
];
