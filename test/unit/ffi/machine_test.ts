import { assertEquals } from "@std/assert";
import { pageSize, possibleCpuCount } from "../../../ffi/machine.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const POSSIBLE = "/sys/devices/system/cpu/possible";

/** The auxiliary vector, and the zeros that end it. */
function vector(...pairs: readonly bigint[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BigUint64Array.of(...pairs, 0n, 0n).buffer);
}

Deno.test("pageSize() finds AT_PAGESZ among the others", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/self/auxv", vector(33n, 6n, 6n, 16384n));
  assertEquals(pageSize(kernel), 16_384);
  assertEquals(kernel.openFds, 0);
});

Deno.test("pageSize() is undefined where it is not told", () => {
  assertEquals(pageSize(new FakeKernel()), undefined);
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/self/auxv", vector(33n, 4096n));
  assertEquals(pageSize(kernel), undefined);
});

Deno.test("possibleCpuCount() counts what the ranges hold", () => {
  for (const [text, count] of [["0", 1], ["0-63", 64], ["0,2-3\n", 3]]) {
    const kernel = new FakeKernel();
    kernel.files.addFile(POSSIBLE, String(text));
    assertEquals(possibleCpuCount(kernel), count);
  }
  for (const text of ["", "none", "3-1-", "5-2"]) {
    const kernel = new FakeKernel();
    kernel.files.addFile(POSSIBLE, text);
    assertEquals(possibleCpuCount(kernel), undefined, text);
  }
});

Deno.test("pageSize() finds the size of a page among what the process was told", () => {
  const kernel = new FakeKernel();
  assertEquals(pageSize(kernel), undefined);
  const auxv = new Uint8Array(
    new BigUint64Array([16n, 1n, 6n, 16384n, 0n, 0n]).buffer,
  );
  kernel.files.addFile("/proc/self/auxv", auxv);
  assertEquals(pageSize(kernel), 16_384);
  kernel.files.addFile("/proc/self/auxv", auxv.subarray(0, 16));
  assertEquals(pageSize(kernel), undefined);
  assertEquals(kernel.openFds, 0);
});
