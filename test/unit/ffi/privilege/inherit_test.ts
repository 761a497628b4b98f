/**
 * Owns the tests of ffi/privilege/inherit.ts. In: descriptors of a fake process. Out: assertions.
 * @module
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { EBADF } from "../../../../ffi/errno.ts";
import { duplicate, setCloseOnExec } from "../../../../ffi/mod.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { FakeProcessControl } from "../../../fakes/fake_process_control.ts";

Deno.test("setCloseOnExec() marks and unmarks a descriptor", () => {
  const control = new FakeProcessControl(new FakeKernel());
  const fd = control.createMemfd("one", 0);
  assertEquals(setCloseOnExec(control, fd, true), 0);
  assert(control.closeOnExec.has(fd));
  assertEquals(setCloseOnExec(control, fd, false), 0);
  assert(!control.closeOnExec.has(fd));
  assertEquals(setCloseOnExec(control, 99, true), -EBADF);
});

Deno.test("duplicate() gives another number that the next life does not get", () => {
  const kernel = new FakeKernel();
  const control = new FakeProcessControl(kernel);
  const fd = control.createMemfd("one", 0);
  const copy = duplicate(control, fd);
  assertNotEquals(copy, fd);
  assertEquals(kernel.fds.get(copy), kernel.fds.get(fd));
  assert(control.closeOnExec.has(copy));
  assertEquals(duplicate(control, 99), -EBADF);
});
