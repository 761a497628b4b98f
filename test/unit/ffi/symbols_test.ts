/**
 * Owns the tests of ffi/symbols.ts. In: a /proc/kallsyms of the fake kernel. Out: assertions.
 * @module
 */
import { assertEquals } from "@std/assert";
import { symbolAddress } from "../../../ffi/symbols.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const PATH = "/proc/kallsyms";
const LINES = Array.from(
  { length: 500 },
  (_, i) => `ffffffff8100${(0x1000 + i).toString(16)} t function_${i}\n`,
);

function kernelWith(text: string): FakeKernel {
  const kernel = new FakeKernel();
  kernel.files.addFile(PATH, text);
  return kernel;
}

Deno.test("symbolAddress() finds every symbol of a list longer than one read", () => {
  const kernel = kernelWith(LINES.join(""));
  for (let i = 0; i < LINES.length; i++) {
    assertEquals(
      symbolAddress(kernel, `function_${i}`),
      0xffffffff81001000n + BigInt(i),
    );
  }
  assertEquals(kernel.openFds, 0);
});

Deno.test("symbolAddress() takes no symbol whose name only begins or ends so", () => {
  const kernel = kernelWith(
    "0000000000000001 t offset_of\n0000000000000002 t an_offset\n0000000000000003 t offset\t[module]\n",
  );
  assertEquals(symbolAddress(kernel, "offset"), undefined);
});

Deno.test("symbolAddress() answers undefined where addresses are hidden", () => {
  const kernel = kernelWith("0000000000000000 D offset\n");
  assertEquals(symbolAddress(kernel, "offset"), undefined);
});

Deno.test("symbolAddress() answers undefined where the list cannot be read", () => {
  const kernel = new FakeKernel();
  assertEquals(symbolAddress(kernel, "offset"), undefined);
  kernel.files.addFile(PATH, "", { readErrno: 1 });
  assertEquals(symbolAddress(kernel, "offset"), undefined);
  assertEquals(kernel.openFds, 0);
});
