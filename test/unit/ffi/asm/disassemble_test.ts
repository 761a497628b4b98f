/**
 * Owns the tests of ffi/asm/disassemble.ts: the verifier's words for every form, and any bytes at all. In: programs. Out:
 * assertions. test/integration/verifier_test.ts holds it against the verifier itself.
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Assembler } from "../../../../ffi/asm/assemble.ts";
import { disassemble } from "../../../../ffi/asm/disassemble.ts";
import { FORMS } from "./forms.ts";

function only(asm: Assembler): string {
  return disassemble(asm.assemble()).join("|");
}

Deno.test("disassemble() has the verifier's words for every form", () => {
  for (const { verifier, write } of FORMS) {
    const asm = new Assembler();
    write(asm);
    asm.exit().label("there").exit();
    const [line] = disassemble(asm.assemble());
    assertEquals(line.replace(/^0: \([0-9a-f]{2}\) /, ""), verifier);
  }
});

Deno.test("disassemble() numbers by slot", () => {
  const asm = new Assembler().immediate64("r1", 0xffff_ffffn).move("r0", 0)
    .exit();
  assertEquals(disassemble(asm.assemble()), [
    "0: (18) r1 = 0xffffffff",
    "2: (b7) r0 = 0",
    "3: (95) exit",
  ]);
});

Deno.test("disassemble() tells maps, helpers, the program's own and kernel functions apart", () => {
  assertEquals(only(new Assembler().mapFd("r1", 7)), "0: (18) r1 = map[fd:7]");
  assertEquals(
    only(new Assembler().mapValue("r1", 7, 16)),
    "0: (18) r1 = map[fd:7][0]+16",
  );
  const own = new Assembler().functionAddress("r2", "own").label("own").exit();
  assertEquals(disassemble(own.assemble())[0], "0: (18) r2 = subprog[+1]");
  assertEquals(
    only(new Assembler().callKernelFunction(64139)),
    "0: (85) call kernel-function#64139",
  );
  assertEquals(
    disassemble(Uint8Array.of(0x85, 0x10, 0, 0, 2, 0, 0, 0)),
    ["0: (85) call pc+2"],
  );
});

Deno.test("disassemble() marks what it does not know", () => {
  const unknown = [
    [0xdb, 0, 0, 0, 1, 0, 0, 0], // atomic, with an answer
    [0x37, 1, 1, 0, 7, 0, 0, 0], // signed division
    [0x18, 0x91, 0, 0, 0, 0, 0, 0], // half of two slots
    [0xdc, 1, 0, 0, 16, 0, 0, 0], // byte order
    [0xe5, 0, 0, 0, 0, 0, 0, 0], // may_goto
    [0x85, 0x30, 0, 0, 1, 0, 0, 0], // a call of a kind to come
    [0x06, 0, 0, 0, 1, 0, 0, 0], // long jump
  ];
  for (const bytes of unknown) {
    const code = bytes[0].toString(16).padStart(2, "0");
    assertEquals(disassemble(Uint8Array.from(bytes)), [`0: (${code}) ?`]);
  }
});

Deno.test("disassemble() has a line for every slot of any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const wide = disassemble(bytes).filter((line) =>
      line.includes("(18)") && line !== "0: (18) ?"
    ).length;
    const lines = disassemble(bytes).length;
    const slots = Math.floor(bytes.length / 8);
    return lines <= slots && lines + wide >= slots;
  }));
});
