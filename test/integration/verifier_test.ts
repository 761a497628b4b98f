/**
 * Holds the assembler, the disassembler and loadOrRefusal() to the running kernel's verifier: it reads what was assembled as
 * it was meant, prints it as disassemble() does, and its complaints are handed on. In: a kernel (root). Out: assertions.
 * @module
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  Assembler,
  disassemble,
  EACCES,
  type KernelPort,
  loadOrRefusal,
  loadProgram,
  openLibc,
  type ProgramSpec,
  textAt,
  TRACE_ITER,
  TRACING,
} from "../../ffi/mod.ts";
import { bufferOf } from "../kernel/attr.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { createMap } from "../kernel/maps.ts";
import { kernelTest } from "../kernel/skip.ts";
import { Workshop } from "../kernel/workshop.ts";
import { FORMS } from "../unit/ffi/asm/forms.ts";

const SOCKET_FILTER = 1;
const MAP_LOOKUP_ELEM = 1;

function specOf(kernel: KernelPort, code: Uint8Array): ProgramSpec {
  return {
    type: SOCKET_FILTER,
    instructions: bufferOf(kernel, code),
    instructionCount: code.length / 8,
    name: "assembled",
  };
}

/** What the verifier prints of each instruction, by slot: all that it walks through. */
function printed(kernel: KernelPort, code: Uint8Array): Map<number, string> {
  const buffer = kernel.allocate(1 << 16);
  const spec = specOf(kernel, code);
  const fd = loadProgram(kernel, { ...spec, log: { buffer, level: 2 } });
  if (fd >= 0) kernel.close(fd);
  const lines = textAt(buffer.view, 0, 1 << 16).split("\n");
  return new Map(lines.flatMap((line) => {
    const [, slot, text] =
      line.match(/^(\d+): (\([0-9a-f]{2}\) .*?)\s*(?:;.*)?$/) ?? [];
    // A state may follow on the same line, between one blank or more.
    return slot === undefined
      ? []
      : [[Number(slot), text.replace(/ +(?:R\d+|frame\d+:).*=.*$/, "")]];
  }));
}

kernelTest(
  "disassemble() prints instructions as this kernel's verifier does",
  () => {
    const kernel = openLibc();
    let compared = 0;
    for (const form of FORMS) {
      const asm = new Assembler();
      // The context is a pointer, which most forms may not touch: they get numbers, a stack, or are refused after printing.
      const usesMemory = /\(r/.test(form.verifier);
      for (const i of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const) {
        if (i !== 1 || !usesMemory) asm.move(`r${i}`, i + 1);
      }
      // The verifier reads nothing of a program with instructions that no way leads to.
      asm.jump("r0", "==", 77, "next");
      const at = asm.slotCount;
      form.write(asm);
      asm.label("next").move("r0", 0).label("there").move("r0", 0).exit();
      const code = asm.assemble();
      const theirs = printed(kernel, code).get(at);
      const ours = disassemble(code).find((line) => line.startsWith(`${at}: `));
      assert(
        theirs !== undefined,
        `the verifier did not reach ${form.verifier}`,
      );
      // It has the names of helpers.
      const named = theirs.replace(/call \w+#/, "call helper#");
      assertEquals(ours, `${at}: ${named}`);
      compared++;
    }
    assertEquals(compared, FORMS.length);
    assertGreater(compared, 100);
  },
);

kernelTest(
  "Assembler's backward jump makes a loop that the verifier takes",
  () => {
    const kernel = openLibc();
    const asm = new Assembler()
      .move("r0", 0).move("r1", 0)
      .label("again").alu64("r0", "+=", 2).alu64("r1", "+=", 1)
      .jump("r1", "<", 100, "again").exit();
    const fd = loadOrRefusal(kernel, specOf(kernel, asm.assemble()));
    assert(typeof fd === "number", Deno.inspect(fd));
    assertEquals(kernel.close(fd), 0);
  },
);

kernelTest(
  "Assembler.mapFd() and mapValue() give what the verifier takes for a map",
  () => {
    using workshop = new Workshop();
    const { kernel } = workshop;
    const spec = { type: "array", key: 4, value: 16, max: 1 };
    const map = workshop.need("map", "map to load", createMap(workshop, spec));
    const asm = new Assembler()
      .mapValue("r6", map.fd, 8).load(8, "r7", "r6", 0)
      .store(4, "r10", -4, 0).move("r2", "r10").alu64("r2", "+=", -4)
      .mapFd("r1", map.fd).call(MAP_LOOKUP_ELEM)
      .jump("r0", "==", 0, "none").load(8, "r0", "r0", 8)
      .label("none").move("r0", 0).exit();
    const fd = loadOrRefusal(kernel, specOf(kernel, asm.assemble()));
    assert(typeof fd === "number", Deno.inspect(fd));
    assertEquals(kernel.close(fd), 0);
  },
);

kernelTest(
  "Assembler.callKernelFunction() calls what its BTF id says",
  () => {
    const kernel = openLibc();
    const cast = kernelBtf()?.attachTarget("bpf_rdonly_cast");
    const map = kernelBtf()?.struct("bpf_map");
    const target = kernelBtf()?.attachTarget("bpf_iter_bpf_map");
    assert(cast !== undefined && map !== undefined && target !== undefined);
    const asm = new Assembler().move("r1", 0).move("r2", map.id)
      .callKernelFunction(cast).load(4, "r0", "r0", 0).move("r0", 0).exit();
    const fd = loadOrRefusal(kernel, {
      ...specOf(kernel, asm.assemble()),
      type: TRACING,
      expectedAttachType: TRACE_ITER,
      attachBtfId: target,
    });
    assert(typeof fd === "number", Deno.inspect(fd));
    assertEquals(kernel.close(fd), 0);
  },
  kernelBtf()?.attachTarget("bpf_rdonly_cast") === undefined
    ? "this kernel has no bpf_rdonly_cast"
    : undefined,
);

kernelTest("loadOrRefusal() hands on what the verifier says", () => {
  const kernel = openLibc();
  const asm = new Assembler().move("r1", 0).load(8, "r0", "r1", 0).exit();
  const refusal = loadOrRefusal(kernel, specOf(kernel, asm.assemble()));
  assert(typeof refusal !== "number", "a load from a number was loaded");
  assertEquals(refusal.errno, EACCES);
  assertEquals(refusal.reason, "R1 invalid mem access 'scalar'");
  assert(
    refusal.log.some((line) => line.startsWith(disassemble(asm.assemble())[1])),
    refusal.log.join("\n"),
  );
});
