/**
 * The perf buffers of Debian's bpftrace, which tells its user `Lost N events`: what is read from outside is the same N.
 */
import { pause } from "../agent.ts";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Bpftrace, fault, whyNoBpftrace } from "../kernel/bpftrace.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { PerfWatch, rowsOf } from "../kernel/perf_buffers.ts";
import { kernelTest, skip } from "../kernel/skip.ts";

const NAME = "PerfCollector says as many lost events as bpftrace does";
const DEADLINE_MS = 30_000;

kernelTest(
  NAME,
  async () => {
    using watch = new PerfWatch();
    await using bpftrace = new Bpftrace();
    const rows = () => {
      watch.collector.look();
      return rowsOf(watch.collector.rows).filter(({ pid }) =>
        pid === bpftrace.pid
      );
    };
    const deadline = performance.now() + DEADLINE_MS;
    while (rows().length === 0) {
      if (bpftrace.hasEnded) {
        return skip(NAME, "this bpftrace has no perf buffers");
      }
      assert(performance.now() < deadline, "bpftrace opens no perf buffer");
      await pause(20);
    }
    for (let i = 0; i < 4; i++) fault();
    bpftrace.read();
    let lost = 0;
    // It is told of what was lost by the next event on the same CPU.
    while (lost === 0 || lost !== bpftrace.lost) {
      assert(
        performance.now() < deadline,
        `it told ${bpftrace.lost}, and ${lost} were found`,
      );
      await pause(20);
      const all = rows();
      lost = all.reduce((sum, { lostSamples }) => sum + lostSamples, 0);
      assertEquals(
        new Set(all.map(({ isLostExact }) => isLostExact)).size,
        1,
      );
    }
    assertGreater(lost, 0);
  },
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoBpftrace(),
);
