/** Owns the tests of workers/bench_stats.ts. @module */
import { assertEquals } from "@std/assert";
import { BPF, EINVAL, EPERM } from "../../../ffi/mod.ts";
import { measureStatsCost } from "../../../workers/bench_stats.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

Deno.test("measureStatsCost() times runs with and without statistics in turn, and leaves nothing on", () => {
  const kernel = Object.assign(new FakeKernel(), {
    runNs: 26,
    statsCostNs: 68,
    statsFloorNs: 20,
  });
  const cost = measureStatsCost(kernel);
  assertEquals(cost, {
    uncountedNs: Array(15).fill(26),
    countedNs: Array(15).fill(94),
    toldNs: Array(15).fill(46),
  });
  assertEquals([kernel.openFds, kernel.statsEnabled], [0, false]);
});

Deno.test("measureStatsCost() says why it cannot measure", () => {
  const cases = [
    [(kernel: FakeKernel) => kernel.statsOther = true, /somebody else/],
    [
      (kernel: FakeKernel) => kernel.fail(BPF.ENABLE_STATS, EPERM),
      /BPF_ENABLE_STATS failed: EPERM/,
    ],
    [
      (kernel: FakeKernel) => kernel.fail(BPF.PROG_LOAD, EPERM),
      /could be loaded/,
    ],
    [
      (kernel: FakeKernel) => kernel.fail(BPF.PROG_TEST_RUN, EINVAL),
      /cannot be asked/,
    ],
  ] as const;
  for (const [prepare, expected] of cases) {
    const kernel = new FakeKernel();
    prepare(kernel);
    const reason = measureStatsCost(kernel);
    assertEquals(typeof reason === "string" && expected.test(reason), true);
    assertEquals(kernel.openFds, 0);
  }
});
