/**
 * Owns the tests of ffi/asm/assemble.ts: bytes against the specification, labels, and what cannot be assembled. In: small
 * programs. Out: assertions. Every form against LLVM is in llvm_test.ts.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { AssembleError, Assembler } from "../../../../ffi/asm/assemble.ts";
import { OPERATORS, WIDTHS } from "./forms.ts";

/** Slots in hexadecimal, eight bytes each. */
function slots(write: (asm: Assembler) => void): string[] {
  const asm = new Assembler();
  write(asm);
  const text = asm.assemble().toHex();
  return text.match(/.{16}/g) ?? [];
}

function refused(write: (asm: Assembler) => void, sentence: string): void {
  const { message } = assertThrows(
    () => {
      const asm = new Assembler();
      write(asm);
      asm.assemble();
    },
    AssembleError,
  );
  assertEquals(message, `Cannot assemble instruction ${sentence}`);
}

Deno.test("Assembler writes the instructions of the specification", () => {
  assertEquals(slots((asm) => asm.move("r6", "r1")), ["bf16000000000000"]);
  assertEquals(slots((asm) => asm.move("r0", -2)), ["b7000000feffffff"]);
  assertEquals(slots((asm) => asm.alu32("r9", "s>>=", 31)), [
    "c40900001f000000",
  ]);
  assertEquals(slots((asm) => asm.negate64("r3")), ["8703000000000000"]);
  assertEquals(slots((asm) => asm.load(8, "r7", "r1", 8)), [
    "7917080000000000",
  ]);
  assertEquals(slots((asm) => asm.store(1, "r10", -1, "r2")), [
    "732affff00000000",
  ]);
  assertEquals(slots((asm) => asm.store(4, "r10", -4, 258)), [
    "620afcff02010000",
  ]);
  assertEquals(slots((asm) => asm.call(127)), ["850000007f000000"]);
  assertEquals(slots((asm) => asm.exit()), ["9500000000000000"]);
});

Deno.test("Assembler.store() writes immediates of every width, which older LLVM cannot", () => {
  const codes = ["72", "6a", "62", "7a"];
  WIDTHS.forEach((width, i) =>
    assertEquals(slots((asm) => asm.store(width, "r10", -8, 1)), [
      `${codes[i]}0af8ff01000000`,
    ])
  );
});

Deno.test("Assembler.jump() writes the test for common bits, which older LLVM cannot", () => {
  const to = (asm: Assembler) => asm.label("end").exit();
  assertEquals(
    slots((asm) => to(asm.jump("r1", "&", 1, "end")))[0],
    [
      "4501000001000000",
    ][0],
  );
  assertEquals(
    slots((asm) => to(asm.jump32("r1", "&", "r2", "end")))[0],
    "4e21000000000000",
  );
});

Deno.test("Assembler writes remainders, which older LLVM cannot", () => {
  assertEquals(slots((asm) => asm.alu64("r1", "%=", 7)), ["9701000007000000"]);
  assertEquals(slots((asm) => asm.alu32("r1", "%=", "r2")), [
    "9c21000000000000",
  ]);
});

Deno.test("Assembler writes what takes two slots, and what is not a plain value", () => {
  assertEquals(slots((asm) => asm.immediate64("r1", 0xfedc_ba98_7654_3210n)), [
    "1801000010325476",
    "0000000098badcfe",
  ]);
  assertEquals(slots((asm) => asm.immediate64("r1", -1n)), [
    "18010000ffffffff",
    "00000000ffffffff",
  ]);
  assertEquals(slots((asm) => asm.mapFd("r2", 5)), [
    "1812000005000000",
    "0000000000000000",
  ]);
  assertEquals(slots((asm) => asm.mapValue("r3", 5, 16)), [
    "1823000005000000",
    "0000000010000000",
  ]);
  assertEquals(slots((asm) => asm.callKernelFunction(64139)), [
    "850200008bfa0000".replace("8502", "8520"),
  ]);
});

Deno.test("Assembler.label() is reached from before and behind, counted in slots", () => {
  const program = slots((asm) =>
    asm.move("r1", 0).label("loop").jump("r1", ">=", 8, "out")
      .immediate64("r2", 1n).alu64("r1", "+=", 1).goto("loop").label("out")
      .label("same").goto("same").exit()
  );
  assertEquals(program[1], "3501040008000000");
  assertEquals(program[5], "0500fbff00000000");
  assertEquals(program[6], "0500ffff00000000");
});

Deno.test("Assembler.functionAddress() is relative, before and behind; slotOf() tells where a label is", () => {
  const write = (asm: Assembler) =>
    asm.functionAddress("r2", "late").label("early").exit()
      .functionAddress("r3", "early").label("late").exit();
  assertEquals(slots(write), [
    "1842000004000000",
    "0000000000000000",
    "9500000000000000",
    "18430000feffffff",
    "0000000000000000",
    "9500000000000000",
  ]);
  const asm = write(new Assembler());
  assertEquals([asm.slotOf("early"), asm.slotOf("late")], [2, 5]);
  assertThrows(() => asm.slotOf("nowhere"), AssembleError);
});

Deno.test("Assembler.assemble() may be called again, and later for more", () => {
  const asm = new Assembler().goto("end").label("end").exit();
  const first = asm.assemble();
  assertEquals(asm.assemble(), first);
  assertEquals(asm.exit().assemble().subarray(0, 16), first);
  assertEquals(asm.slotCount, 3);
});

Deno.test("Assembler refuses labels that are missing, double, or behind the end", () => {
  refused(
    (asm) => asm.exit().goto("nowhere"),
    "1: expected an instruction with label nowhere, found none",
  );
  refused(
    (asm) => asm.label("a").exit().label("a"),
    "1: expected label a once, found it a second time",
  );
  refused(
    (asm) => asm.goto("end").exit().label("end"),
    "0: expected an instruction with label end, found it behind the last one",
  );
});

Deno.test("Assembler refuses a label that no jump reaches, takes the farthest that one does", () => {
  const far = (between: number) => (asm: Assembler) => {
    asm.label("back").jump("r1", "==", 0, "ahead");
    for (let i = 0; i < between; i++) asm.move("r0", 0);
    asm.label("ahead").exit();
  };
  assertEquals(slots(far(32767))[0], "1501ff7f00000000");
  refused(
    far(32768),
    "0: expected label ahead within 32767 instructions, found it 32768 away",
  );
  const back = (between: number) => (asm: Assembler) => {
    asm.label("back");
    for (let i = 0; i < between; i++) asm.move("r0", 0);
    asm.goto("back").exit();
  };
  assertEquals(slots(back(32767))[32767], "0500008000000000");
  refused(
    back(32768),
    "32768: expected label back within 32767 instructions, found it -32769 away",
  );
});

Deno.test("Assembler refuses numbers that do not fit", () => {
  for (const offset of [32768, -32769, 0.5, NaN]) {
    const found = `0: expected an offset of 16 bits, found ${offset}`;
    refused((asm) => asm.load(8, "r1", "r2", offset), found);
    refused((asm) => asm.store(8, "r1", offset, "r2"), found);
  }
  for (const value of [2 ** 31, -(2 ** 31) - 1, 1.5, Infinity]) {
    const found =
      `1: expected an immediate of 32 bits with its sign, found ${value}`;
    refused((asm) => asm.exit().move("r1", value), found);
    refused((asm) => asm.exit().store(8, "r10", -8, value), found);
    refused((asm) => asm.exit().mapFd("r1", value), found);
    refused((asm) => asm.exit().jump("r1", "==", value, "x"), found);
  }
  refused(
    (asm) => asm.immediate64("r1", 1n << 64n),
    "0: expected a value of 64 bits, found 18446744073709551616",
  );
  refused(
    (asm) => asm.alu64("r1", "<<=", 64),
    "0: expected a shift by 0 to 63, found 64",
  );
  refused(
    (asm) => asm.alu32("r1", "s>>=", 32),
    "0: expected a shift by 0 to 31, found 32",
  );
});

Deno.test("Assembler takes any register as the operand of every operator", () => {
  for (const operator of OPERATORS) {
    const [slot] = slots((asm) => asm.alu64("r9", operator, "r10"));
    assertEquals(slot.slice(2), "a9000000000000");
  }
});
