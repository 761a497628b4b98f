/** Owns the tests of ffi/iter/callbacks.ts. @module */
import { assertEquals } from "@std/assert";
import { Assembler } from "../../../../ffi/asm/assemble.ts";
import { Btf } from "../../../../ffi/btf/btf.ts";
import { EPERM } from "../../../../ffi/errno.ts";
import { functionBtf, withFunctions } from "../../../../ffi/iter/callbacks.ts";
import { BPF } from "../../../../ffi/uapi.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const FUNCTIONS = [
  { name: "main", argumentCount: 1 },
  { name: "entry", argumentCount: 2 },
  { name: "sweep", argumentCount: 4 },
];

function assembled(): Assembler {
  return new Assembler().functionAddress("r2", "entry").move("r0", 0).exit()
    .label("entry").exit().label("sweep").exit();
}

Deno.test("functionBtf() has each function, behind its prototype", () => {
  const btf = Btf.scan(functionBtf(FUNCTIONS), {
    structs: [],
    functions: ["main", "entry", "sweep", "other"],
  });
  assertEquals(btf.typeCount, 1 + 2 * FUNCTIONS.length);
  assertEquals(
    ["main", "entry", "sweep", "other"].map((name) => btf.functionId(name)),
    [3, 5, 7, undefined],
  );
});

Deno.test("withFunctions() tells slot and type of each function, and closes the BTF", () => {
  const kernel = new FakeKernel();
  kernel.bpf = (command) =>
    command === BPF.BTF_LOAD ? kernel.open("/proc/self/comm") : -EPERM;
  kernel.files.addFile("/proc/self/comm", "");
  const told = withFunctions(kernel, assembled(), FUNCTIONS, (functions) => {
    assertEquals(kernel.openFds, 1);
    assertEquals(functions.btfId, 0);
    return [functions.count, ...functions.info.words.slice(0, 6)];
  });
  assertEquals(told, [3, 0, 3, 4, 5, 5, 7]);
  assertEquals(kernel.openFds, 0);
});

Deno.test("withFunctions() answers why the kernel takes no BTF", () => {
  const kernel = new FakeKernel();
  kernel.bpf = () => -EPERM;
  const answer = withFunctions(kernel, assembled(), FUNCTIONS, () => "used");
  assertEquals(answer, -EPERM);
});
