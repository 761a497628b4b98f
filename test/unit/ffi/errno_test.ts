/**
 * Owns the tests of ffi/errno.ts. In: numbers. Out: assertions.
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import * as errno from "../../../ffi/errno.ts";
import { errnoName, KernelError } from "../../../ffi/errno.ts";

Deno.test("errnoName() gives every exported number its own name", () => {
  let checked = 0;
  for (const [name, value] of Object.entries(errno)) {
    if (typeof value !== "number") continue;
    assertEquals(errnoName(value), name);
    checked++;
  }
  assert(checked > 15);
});

Deno.test("errnoName() agrees with the runtime's own table", async () => {
  const { constants } = await import("node:os");
  for (const [name, value] of Object.entries(constants.errno)) {
    const ours = errnoName(value);
    if (ours.startsWith("errno ")) continue;
    // EAGAIN and EOPNOTSUPP have a second name with the same number.
    const same = Object.entries(constants.errno)
      .filter(([, other]) => other === value).map(([other]) => other);
    assert(same.includes(ours), `${name} is ${value}, which we call ${ours}`);
  }
});

Deno.test("errnoName() says the number where it has no name", () => {
  assertEquals(errnoName(999), "errno 999");
});

Deno.test("KernelError says which call failed and how", () => {
  const error = new KernelError("BPF_MAP_CREATE", errno.EPERM);
  assertInstanceOf(error, Error);
  assertEquals(error.message, "BPF_MAP_CREATE failed: EPERM");
  assertEquals(error.call, "BPF_MAP_CREATE");
  assertEquals(error.errno, errno.EPERM);
  assertEquals(error.name, "KernelError");
});

Deno.test("KernelError appends a detail on a line of its own", () => {
  const error = new KernelError("BPF_PROG_LOAD", errno.EACCES, "R0 !read_ok");
  assertEquals(error.message, "BPF_PROG_LOAD failed: EACCES\nR0 !read_ok");
});
