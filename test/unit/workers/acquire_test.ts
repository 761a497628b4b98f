import { assertEquals, assertStringIncludes } from "@std/assert";
import { BPF, EINVAL, EPERM } from "../../../ffi/mod.ts";
import { acquire } from "../../../workers/acquire.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const ASKED = { backend: "auto", keepPrivileges: false } as const;

Deno.test("acquire() keeps run-time statistics on until it is disposed of", () => {
  const kernel = new FakeKernel();
  {
    using acquired = acquire(kernel, { ...ASKED, runStats: true });
    assertEquals(acquired.facts.runStats, {
      agent: true,
      sysctl: false,
      other: false,
    });
    assertEquals(kernel.statsEnabled, true);
  }
  assertEquals(kernel.statsEnabled, false);
  assertEquals(kernel.openFds, 0);
});

Deno.test("acquire() turns nothing on that it was not asked for", () => {
  const kernel = new FakeKernel();
  using acquired = acquire(kernel, { ...ASKED, runStats: false });
  assertEquals(acquired.facts.runStats.agent, false);
  assertEquals(kernel.statsEnabled, false);
});

Deno.test("acquire() notices that somebody else keeps statistics on", () => {
  const kernel = new FakeKernel();
  kernel.statsOther = true;
  using acquired = acquire(kernel, { ...ASKED, runStats: true });
  assertEquals(acquired.facts.runStats, {
    agent: true,
    sysctl: false,
    other: true,
  });
});

Deno.test("acquire() does not guess who else keeps statistics on beside the sysctl", () => {
  const kernel = new FakeKernel();
  kernel.statsSysctl = true;
  using acquired = acquire(kernel, { ...ASKED, runStats: false });
  assertEquals(acquired.facts.runStats, { agent: false, sysctl: true });
});

Deno.test("acquire() leaves no program behind", () => {
  const kernel = new FakeKernel();
  using _acquired = acquire(kernel, { ...ASKED, runStats: true });
  assertEquals(kernel.tables.program.size, 0);
  assertEquals(kernel.openFds, 1);
});

Deno.test("acquire() says what is missing without privilege, and fails in nothing", () => {
  const kernel = new FakeKernel({ privileged: false });
  using acquired = acquire(kernel, { ...ASKED, runStats: true });
  const { capabilities, missing, runStats } = acquired.facts;
  assertEquals(capabilities, []);
  assertEquals(missing.map(({ capability }) => capability), ["CAP_SYS_ADMIN"]);
  assertEquals(runStats, {
    agent: false,
    sysctl: false,
    reason: "BPF_ENABLE_STATS failed: EPERM",
  });
});

Deno.test("acquire() says that a kernel before 5.8 cannot hold statistics on", () => {
  const kernel = new FakeKernel({ lacks: [BPF.ENABLE_STATS] });
  using acquired = acquire(kernel, { ...ASKED, runStats: true });
  assertEquals(
    acquired.facts.runStats.reason,
    "BPF_ENABLE_STATS failed: EINVAL",
  );
});

Deno.test("acquire() cannot tell about others where its own program does not run", () => {
  const kernel = new FakeKernel();
  kernel.fail(BPF.PROG_TEST_RUN, EINVAL);
  using acquired = acquire(kernel, { ...ASKED, runStats: false });
  assertEquals("other" in acquired.facts.runStats, false);
});

Deno.test("acquire() reads the JIT limit where it can", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/sys/net/core/bpf_jit_limit", "528482304\n");
  using acquired = acquire(kernel, { ...ASKED, runStats: false });
  assertEquals(acquired.facts.jitLimitBytes, 528482304);
  using without = acquire(new FakeKernel(), { ...ASKED, runStats: false });
  assertEquals("jitLimitBytes" in without.facts, false);
});

Deno.test("acquire() finds the kernel's release and its BTF", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/sys/kernel/osrelease", "6.18.5\n");
  using acquired = acquire(kernel, { ...ASKED, runStats: false });
  assertEquals(acquired.facts.kernelRelease, "6.18.5");
  assertEquals(acquired.facts.kernelBtf, {
    reason: "open of /sys/kernel/btf/vmlinux failed: ENOENT",
  });
  using without = acquire(new FakeKernel(), { ...ASKED, runStats: false });
  assertEquals("kernelRelease" in without.facts, false);
});

Deno.test("acquire() says that a capability is no good where the kernel refuses all the same", () => {
  const kernel = new FakeKernel();
  kernel.fail(BPF.PROG_GET_NEXT_ID, EPERM);
  using acquired = acquire(kernel, { ...ASKED, runStats: false });
  const [missing] = acquired.facts.missing;
  assertEquals(missing.capability, "CAP_SYS_ADMIN");
  assertStringIncludes(missing.how, "initial user namespace");
});
