/** Owns the tests of workers/stats_probe.ts and stats_probe_load.ts. @module */
import { assertEquals } from "@std/assert";
import { BPF, EINVAL } from "../../../ffi/mod.ts";
import type { StatsProbe } from "../../../workers/stats_probe.ts";
import { loadStatsProbe } from "../../../workers/stats_probe_load.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

function loaded(kernel: FakeKernel): StatsProbe {
  const probe = loadStatsProbe(kernel);
  if (probe === undefined) throw new Error("Cannot load the probe");
  return probe;
}

Deno.test("StatsProbe tells whether a run is counted at this moment", () => {
  const kernel = new FakeKernel();
  const probe = loaded(kernel);
  assertEquals(probe.countsRuns(), false);
  kernel.statsOther = true;
  assertEquals(probe.countsRuns(), true);
  kernel.statsOther = false;
  assertEquals(probe.countsRuns(), false);
});

Deno.test("StatsProbe reads the floor of what is told, and the time with and without", () => {
  const kernel = Object.assign(new FakeKernel(), {
    runNs: 26,
    statsCostNs: 68,
    statsFloorNs: 20,
  });
  const probe = loaded(kernel);
  assertEquals(probe.runNs(), 26);
  kernel.statsOther = true;
  assertEquals(probe.countedNs(), { runNs: 94, toldNs: 46 });
});

Deno.test("StatsProbe tells nothing of counted runs while none is counted", () => {
  assertEquals(loaded(new FakeKernel()).countedNs(), undefined);
});

Deno.test("StatsProbe tells nothing where it cannot be run or asked", () => {
  for (const command of [BPF.PROG_TEST_RUN, BPF.OBJ_GET_INFO_BY_FD]) {
    const kernel = new FakeKernel();
    const probe = loaded(kernel);
    kernel.fail(command, EINVAL);
    assertEquals(probe.countsRuns(), undefined);
    assertEquals(probe.runNs(), undefined);
    assertEquals(probe.countedNs(), undefined);
  }
});
