/**
 * Owns what `bench` is wired to. In: the invocation and the kernel's side. Out: its output. It stays in one life with the privileges
 * that it has: it measures both backends.
 * @module
 */
import type { Invocation } from "../cli/parse.ts";
import { type KernelSide, leftOut } from "../kernel_side.ts";
import { VERSION } from "../version.ts";
import { bench } from "./bench.ts";
import { measureAgent, processCpuMs } from "./bench_agent.ts";
import type { CommandOutput, Layout } from "./output.ts";

export async function benchOutput(
  invocation: Extract<Invocation, { kind: "bench" }>,
  side: KernelSide,
  layout: Layout,
): Promise<CommandOutput> {
  const { timedCollector, makeObjects, measureStatsCost } = await side
    .loadBench();
  // Before this command keeps statistics itself.
  const statsCost = measureStatsCost();
  // As `serve` does by default.
  using acquired = await side.acquire({
    runStats: "on",
    backend: "auto",
    keepPrivileges: true,
  });
  const { iterators, ownIds } = acquired;
  const leaveOut = leftOut({ includeSelf: false }, acquired);
  return await bench({
    ...invocation,
    layout,
    version: VERSION,
    facts: acquired.facts,
    openFilesLimit: side.openFilesLimit,
    monotonicMs: () => side.clock.monotonicMs(),
    collector: (name, backend) =>
      timedCollector(name, backend, { leaveOut: ownIds, iterators }),
    makeObjects,
    statsCost,
    measureAgent: (seconds) =>
      measureAgent({
        ...side,
        init: (epoch, intervalMs) =>
          side.init(epoch, intervalMs, leaveOut, acquired),
        cpuMs: processCpuMs,
      }, seconds),
  });
}
