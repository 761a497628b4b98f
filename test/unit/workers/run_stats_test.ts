/** Owns the tests of workers/run_stats.ts. @module */
import { assertEquals } from "@std/assert";
import { BPF, EPERM } from "../../../ffi/mod.ts";
import { holdRunStats } from "../../../workers/run_stats.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

Deno.test("holdRunStats() opens the one descriptor that keeps them on, and nothing else stays", () => {
  const kernel = new FakeKernel();
  const { facts, fd } = holdRunStats(kernel, true);
  assertEquals(facts, { agent: true, sysctl: false, other: false });
  assertEquals(kernel.fds.numbers, [fd]);
  assertEquals(kernel.statsEnabled, true);
  kernel.close(Number(fd));
  assertEquals(kernel.statsEnabled, false);
  assertEquals(kernel.tables.program.size, 0);
});

Deno.test("holdRunStats() opens nothing that it was not asked for, and still tells who does", () => {
  const kernel = new FakeKernel();
  kernel.statsOther = true;
  const answer = holdRunStats(kernel, false);
  assertEquals(answer, {
    facts: { agent: false, sysctl: false, other: true },
  });
  assertEquals(kernel.openFds, 0);
});

Deno.test("holdRunStats() says why it does not hold them", () => {
  const kernel = new FakeKernel();
  kernel.fail(BPF.ENABLE_STATS, EPERM);
  assertEquals(holdRunStats(kernel, true), {
    facts: {
      agent: false,
      sysctl: false,
      other: false,
      reason: "BPF_ENABLE_STATS failed: EPERM",
    },
  });
  assertEquals(kernel.openFds, 0);
});

Deno.test("holdRunStats() guesses nothing where no program can be loaded or no file be read", () => {
  const kernel = new FakeKernel({ privileged: false });
  kernel.files.remove("/proc/sys/kernel/bpf_stats_enabled");
  assertEquals(holdRunStats(kernel, false), { facts: { agent: false } });
});

Deno.test("holdRunStats() does not tell others from the sysctl", () => {
  const kernel = new FakeKernel();
  kernel.statsSysctl = true;
  kernel.statsOther = true;
  assertEquals(holdRunStats(kernel, false).facts, {
    agent: false,
    sysctl: true,
  });
});

Deno.test("holdRunStats() tells nothing of a kernel that does not count runs", () => {
  // Up to and with netns_ino, as 4.18 to 5.0 have it.
  const kernel = new FakeKernel({ infoBytes: { program: 192 } });
  assertEquals("other" in holdRunStats(kernel, false).facts, false);
  assertEquals(kernel.openFds, 0);
});

Deno.test("holdRunStats() in a dry run says what would be, and switches nothing on", () => {
  const kernel = new FakeKernel();
  const { facts, fd } = holdRunStats(kernel, true, true);
  assertEquals([facts.agent, fd], [true, undefined]);
  assertEquals([kernel.statsEnabled, kernel.openFds], [false, 0]);
  kernel.fail(BPF.ENABLE_STATS, EPERM);
  const refused = holdRunStats(kernel, true, true);
  assertEquals(refused.facts.reason, "BPF_ENABLE_STATS failed: EPERM");
  const old = new FakeKernel({ lacks: [BPF.ENABLE_STATS, BPF.ITER_CREATE] });
  assertEquals(
    holdRunStats(old, true, true).facts.reason,
    "BPF_ENABLE_STATS failed: EINVAL",
  );
});
