/**
 * Owns the tests of ffi/capabilities.ts. In: the text of /proc/thread-self/status. Out: assertions.
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  CAPABILITY_BITS,
  effectiveCapabilities,
  heldCapabilities,
} from "../../../ffi/capabilities.ts";
import { EACCES } from "../../../ffi/errno.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const STATUS = "/proc/thread-self/status";

Deno.test("effectiveCapabilities() finds all of root's", () => {
  assertEquals(
    [...effectiveCapabilities(new FakeKernel())],
    [
      "CAP_NET_BIND_SERVICE",
      "CAP_SYS_PTRACE",
      "CAP_SYS_ADMIN",
      "CAP_PERFMON",
      "CAP_BPF",
    ],
  );
});

Deno.test("effectiveCapabilities() finds none without privilege", () => {
  const kernel = new FakeKernel({ privileged: false });
  assertEquals(effectiveCapabilities(kernel).size, 0);
  assertEquals(kernel.openFds, 0);
});

Deno.test("effectiveCapabilities() reads each bit for itself", () => {
  const bits = {
    CAP_SYS_PTRACE: "0000000000080000",
    CAP_SYS_ADMIN: "0000000000200000",
    CAP_PERFMON: "0000004000000000",
    CAP_BPF: "0000008000000000",
  };
  for (const [name, mask] of Object.entries(bits)) {
    const kernel = new FakeKernel();
    kernel.files.addFile(
      STATUS,
      `CapInh:\tffffffffffffffff\nCapEff:\t${mask}\nCapBnd:\tffffffffffffffff\n`,
    );
    assertEquals([...effectiveCapabilities(kernel)] as string[], [name]);
  }
});

Deno.test("effectiveCapabilities() is not fooled by a thread's name", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile(
    STATUS,
    "Name:\tCapEff:\t000001ffffffffff\nCapEff:\t0000000000000000\n",
  );
  assertEquals(effectiveCapabilities(kernel).size, 0);
});

Deno.test("effectiveCapabilities() finds none where the kernel tells none", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile(STATUS, "Name:\tdeno\n");
  assertEquals(effectiveCapabilities(kernel).size, 0);
  kernel.files.addFile(STATUS, "", { openErrno: EACCES });
  assertEquals(effectiveCapabilities(kernel).size, 0);
});

Deno.test("heldCapabilities() names each bit, and numbers those without a name", () => {
  const kernel = new FakeKernel();
  assertEquals(heldCapabilities(kernel).length, 41);
  kernel.files.addFile(STATUS, "CapEff:\t0000028000000101\n");
  assertEquals(heldCapabilities(kernel), [
    "CAP_CHOWN",
    "CAP_SETPCAP",
    "CAP_BPF",
    "CAP_41",
  ]);
  assertEquals(heldCapabilities(new FakeKernel({ privileged: false })), []);
  kernel.files.addFile(STATUS, "", { openErrno: EACCES });
  assertEquals(heldCapabilities(kernel), []);
});

Deno.test("heldCapabilities() agrees with the bits that decide what the agent sees", () => {
  const kernel = new FakeKernel();
  const names = heldCapabilities(kernel);
  for (const [name, bit] of Object.entries(CAPABILITY_BITS)) {
    assertEquals(names[bit], name);
  }
});
