/** Owns the tests of workers/run_stats.ts. @module */
import { assertEquals } from "@std/assert";
import { BPF, EPERM } from "../../../ffi/mod.ts";
import { holdRunStats } from "../../../workers/run_stats.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const WINDOW = { onMs: 100, everyMs: 1_000 };
const NOTHING_HELD = { fds: [], programIds: [] };

/** A kernel whose statistics cost something. */
function aKernel(): FakeKernel {
  return Object.assign(new FakeKernel(), {
    runNs: 1,
    statsCostNs: 68,
    statsFloorNs: 45,
  });
}

Deno.test("holdRunStats() opens the one descriptor that keeps them on, and nothing else stays", () => {
  const kernel = aKernel();
  const { facts, fds } = holdRunStats(kernel, "on");
  assertEquals(facts, {
    agent: true,
    sysctl: false,
    other: false,
    floorNs: 46,
    costNs: 68,
  });
  assertEquals(kernel.fds.numbers, [...fds]);
  assertEquals(kernel.statsEnabled, true);
  kernel.close(fds[0]);
  assertEquals(kernel.statsEnabled, false);
  assertEquals(kernel.tables.program.size, 0);
});

Deno.test("holdRunStats() leaves them off where they are for windows, and keeps the program by which others are found", () => {
  const kernel = aKernel();
  const { facts, handle, fds, programIds } = holdRunStats(kernel, WINDOW);
  assertEquals(facts, {
    agent: true,
    window: WINDOW,
    sysctl: false,
    other: false,
    floorNs: 46,
    costNs: 68,
  });
  assertEquals(kernel.statsEnabled, false);
  assertEquals(handle, { window: WINDOW, probeFd: fds[0] });
  assertEquals(programIds.map((id) => kernel.tables.program.get(id)?.id), [
    ...programIds,
  ]);
  kernel.close(fds[0]);
  assertEquals(kernel.openFds, 0);
});

Deno.test("holdRunStats() opens nothing that it was not asked for, and still tells who does", () => {
  const kernel = aKernel();
  kernel.statsOther = true;
  const answer = holdRunStats(kernel, "off");
  assertEquals(answer, {
    // The floor can be told without switching anything on.
    facts: { agent: false, sysctl: false, other: true, floorNs: 46 },
    ...NOTHING_HELD,
  });
  assertEquals(kernel.openFds, 0);
});

Deno.test("holdRunStats() cannot tell what they cost where somebody else keeps them on", () => {
  for (const who of ["statsOther", "statsSysctl"] as const) {
    const kernel = aKernel();
    kernel[who] = true;
    const { facts } = holdRunStats(kernel, "on");
    assertEquals(facts.floorNs, 46);
    assertEquals("costNs" in facts, false);
    assertEquals(
      facts.costReason,
      "somebody else kept statistics on at start",
    );
  }
});

Deno.test("holdRunStats() says why it does not hold them", () => {
  for (const mode of ["on", WINDOW] as const) {
    const kernel = aKernel();
    kernel.fail(BPF.ENABLE_STATS, EPERM);
    assertEquals(holdRunStats(kernel, mode), {
      facts: {
        agent: false,
        sysctl: false,
        other: false,
        reason: "BPF_ENABLE_STATS failed: EPERM",
      },
      ...NOTHING_HELD,
    });
    assertEquals(kernel.openFds, 0);
  }
});

Deno.test("holdRunStats() guesses nothing where no program can be loaded or no file be read", () => {
  const kernel = new FakeKernel({ privileged: false });
  kernel.files.remove("/proc/sys/kernel/bpf_stats_enabled");
  assertEquals(holdRunStats(kernel, "off"), {
    facts: { agent: false },
    ...NOTHING_HELD,
  });
});

Deno.test("holdRunStats() keeps windows without the program where none can be loaded", () => {
  const kernel = aKernel();
  kernel.fail(BPF.PROG_LOAD, EPERM);
  const { facts, handle, fds } = holdRunStats(kernel, WINDOW);
  assertEquals(handle, { window: WINDOW });
  assertEquals(fds, []);
  assertEquals(
    facts.costReason,
    "no program of the agent's own could be run",
  );
});

Deno.test("holdRunStats() does not tell others from the sysctl", () => {
  const kernel = aKernel();
  kernel.statsSysctl = true;
  kernel.statsOther = true;
  assertEquals(holdRunStats(kernel, "off").facts, {
    agent: false,
    sysctl: true,
    floorNs: 46,
  });
});

Deno.test("holdRunStats() tells nothing of a kernel that does not count runs", () => {
  // Up to and with netns_ino, as 4.18 to 5.0 have it.
  const kernel = new FakeKernel({ infoBytes: { program: 192 } });
  assertEquals("other" in holdRunStats(kernel, "off").facts, false);
  assertEquals(kernel.openFds, 0);
});

Deno.test("holdRunStats() in a dry run says what would be, and switches nothing on", () => {
  for (const mode of ["on", WINDOW] as const) {
    const kernel = aKernel();
    const window = typeof mode === "object" ? { window: mode } : {};
    assertEquals(holdRunStats(kernel, mode, true), {
      facts: { agent: true, ...window, sysctl: false, other: false },
      ...NOTHING_HELD,
    });
    assertEquals([kernel.statsEnabled, kernel.openFds], [false, 0]);
    kernel.fail(BPF.ENABLE_STATS, EPERM);
    const refused = holdRunStats(kernel, mode, true);
    assertEquals(refused.facts.reason, "BPF_ENABLE_STATS failed: EPERM");
  }
  const beside = aKernel();
  // As an agent that runs already does, of which this tells what it would be.
  beside.statsOther = true;
  assertEquals("costReason" in holdRunStats(beside, "on", true).facts, false);
  const old = new FakeKernel({ lacks: [BPF.ENABLE_STATS, BPF.ITER_CREATE] });
  assertEquals(
    holdRunStats(old, "on", true).facts.reason,
    "BPF_ENABLE_STATS failed: EINVAL",
  );
});
