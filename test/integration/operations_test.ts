/**
 * Operations on maps, loads and failures, counted in the kernel: equal to what a program counts itself that does them from eight threads
 * at once, by map, process, operation and errno, and by each hook that works here.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { HOOKS, openLibc } from "../../ffi/mod.ts";
import { openOperationsAtStart } from "../../workers/operations_open.ts";
import { OperationsCollector } from "../../workers/programs/operations.ts";
import { closeLeftOpen } from "../../workers/left_open.ts";
import { openLinksOf } from "../../workers/programs/own_links.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { assertLoads, countsOf, loadsOf, operate } from "../kernel/operate.ts";
import { kernelTest, skip } from "../kernel/skip.ts";
import {
  assertCounted,
  countBy,
  skippedIn,
  Told,
  truthBy,
} from "../kernel/told_operations.ts";

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;
const THREADS = 8;
/** Of each kind, by each thread. Machines that are given patience are emulated: there the operations take longest of all. */
const COUNT = Deno.env.has("TEST_PATIENCE_MS") ? 250 : 1_250;

for (const hook of HOOKS) {
  kernelTest(
    `OperationsCollector counts by ${hook} each of a single thread's operations`,
    async () => {
      const kernel = openLibc();
      using opened = countBy(kernel, hook);
      if (opened.handle === undefined) {
        return skip(`operations by ${hook}`, opened.facts.reason ?? "");
      }
      const told = new Told(new OperationsCollector(kernel, opened.handle));
      const { pid, counts } = await operate(THREADS * COUNT, 1, {
        meanwhile: told.run,
      });
      told.finish();
      assertCounted(
        countsOf(told.passes, pid),
        truthBy(hook, counts),
        skippedIn(told.passes),
      );
    },
    noBtf,
    whyNoTool("operate"),
  );

  kernelTest(
    `OperationsCollector counts by ${hook} what a program counts itself, ${THREADS} threads at once`,
    async () => {
      const kernel = openLibc();
      using opened = countBy(kernel, hook);
      if (opened.handle === undefined) {
        return skip(`operations by ${hook}`, opened.facts.reason ?? "");
      }
      // Another agent, which must not disturb.
      using other = countBy(kernel, hook);
      assert(other.handle !== undefined);
      const told = new Told(new OperationsCollector(kernel, opened.handle));
      const others = new Told(new OperationsCollector(kernel, other.handle));
      const { pid, counts, loads } = await operate(COUNT, THREADS, {
        meanwhile: told.run,
      });
      told.finish();
      others.finish();
      for (const { passes } of [told, others]) {
        assertCounted(
          countsOf(passes, pid),
          truthBy(hook, counts),
          skippedIn(passes),
        );
      }
      assertEquals(told.passes.reduce((sum, { lost }) => sum + lost, 0), 0);
      if (skippedIn(told.passes) === 0) {
        assertLoads(loadsOf(told.passes, pid), loads);
      }
      const process = told.passes.flatMap(({ processes }) => processes)
        .find((one) => one.pid === pid);
      assertEquals(process?.comm, "operate");
      assertGreater(process?.startedAtMs ?? 0, 0);
    },
    noBtf,
    whyNoTool("operate"),
  );
}

kernelTest(
  "OperationsCollector loses nothing of a million look-ups by two threads that do nothing else",
  async () => {
    const kernel = openLibc();
    using opened = openOperationsAtStart(kernel, "on", undefined);
    assert(opened.handle !== undefined, opened.facts.reason);
    const told = new Told(new OperationsCollector(kernel, opened.handle));
    const { pid, counts } = await operate(500_000, 2, {
      only: "lookup",
      meanwhile: told.run,
    });
    told.finish();
    assertEquals(Object.values(counts), [1_000_000]);
    const skipped = skippedIn(told.passes);
    assertCounted(
      countsOf(told.passes, pid),
      truthBy(opened.handle.hook, counts),
      skipped,
    );
    assertEquals(told.passes.reduce((sum, { lost }) => sum + lost, 0), 0);
  },
  noBtf,
  whyNoTool("operate"),
);

kernelTest(
  "OperationsCollector has nothing attached outside of its windows, and what it counts says so",
  async () => {
    const libc = openLibc();
    let nowMs = Math.floor(libc.monotonicMs());
    const kernel = { ...libc, monotonicMs: () => nowMs };
    using opened = openOperationsAtStart(
      kernel,
      { onMs: 10_000, everyMs: 100_000 },
      undefined,
    );
    const { handle } = opened;
    assert(handle?.programs !== undefined, opened.facts.reason);
    const { ids } = handle.programs;
    const attached = () => openLinksOf(kernel, ids).length;
    assertEquals(attached(), 0);
    const told = new Told(new OperationsCollector(kernel, handle));
    told.run();
    assertEquals(attached(), ids.length);
    const inside = await operate(10, 2);
    nowMs += 9_999;
    told.run();
    nowMs += 1;
    told.run();
    assertEquals(attached(), 0);
    const outside = await operate(10, 2);
    nowMs += 500;
    told.run();
    assertEquals(
      countsOf(told.passes, inside.pid),
      truthBy(handle.hook, inside.counts),
    );
    assertEquals(countsOf(told.passes, outside.pid), {});
    assert(told.passes.every(({ isWindowed }) => isWindowed));
    const sum = (name: "elapsedMs" | "attachedMs") =>
      told.passes.reduce((all, pass) => all + pass[name], 0);
    assertEquals(sum("attachedMs"), 10_000);
    // Nothing is due before the next window.
    nowMs = told.collector.dueAtMs;
    told.run();
    assertEquals(attached(), ids.length);
    assertGreater(sum("elapsedMs"), 100_000);
    // As the main thread does after a worker that failed.
    closeLeftOpen(kernel, "programs", { operations: handle });
    assertEquals(attached(), 0);
  },
  noBtf,
  whyNoTool("operate"),
);
