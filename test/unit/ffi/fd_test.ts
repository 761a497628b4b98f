/**
 * Owns the tests of ffi/fd.ts. In: the fake kernel's descriptors. Out: assertions.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { Fd } from "../../../ffi/fd.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const FILE = "/proc/thread-self/status";

Deno.test("Fd closes at the end of its block", () => {
  const kernel = new FakeKernel();
  {
    using fd = new Fd(kernel, kernel.open(FILE));
    assertEquals(fd.number, 3);
    assertEquals(kernel.openFds, 1);
  }
  assertEquals(kernel.openFds, 0);
});

Deno.test("Fd closes when its block throws", () => {
  const kernel = new FakeKernel();
  assertThrows(() => {
    using fd = new Fd(kernel, kernel.open(FILE));
    throw new RangeError(`with ${fd.number} open`);
  }, RangeError);
  assertEquals(kernel.openFds, 0);
});

Deno.test("Fd closes only once, for the number may be another's", () => {
  const kernel = new FakeKernel();
  const fd = new Fd(kernel, kernel.open(FILE));
  fd[Symbol.dispose]();
  const other = kernel.open(FILE);
  assertEquals(other, 3);
  fd[Symbol.dispose]();
  assertEquals(kernel.openFds, 1);
  assertEquals(kernel.close(other), 0);
});

Deno.test("Fd refuses its number once it is closed", () => {
  const kernel = new FakeKernel();
  const fd = new Fd(kernel, kernel.open(FILE));
  fd[Symbol.dispose]();
  assertThrows(() => fd.number, Error, "after it was closed");
});

Deno.test("Fd refuses what is not a descriptor", () => {
  const kernel = new FakeKernel();
  for (const number of [-1, -24, 1.5, NaN]) {
    assertThrows(() => new Fd(kernel, number), RangeError, `found ${number}`);
  }
});
