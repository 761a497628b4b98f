/**
 * Operations on maps, loads and failures, counted in the kernel: equal to what a program counts itself that does them from eight threads
 * at once, by map, process, operation and errno, and by each hook that works here.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { HOOKS, type KernelPort, openLibc } from "../../ffi/mod.ts";
import type {
  OperationsMode,
  OperationsPass,
} from "../../workers/operations_model.ts";
import { openOperationsAtStart } from "../../workers/operations_open.ts";
import { OperationsCollector } from "../../workers/programs/operations.ts";
import { closeLinksOf, openLinksOf } from "../../workers/programs/own_links.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import {
  countsOf,
  operate,
  type OperationCounts,
  timedLoads,
} from "../kernel/operate.ts";
import { kernelTest, skip } from "../kernel/skip.ts";

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;
const COUNT = 1_250;
const THREADS = 8;

/** What a collector tells, pass by pass. */
class Told {
  readonly passes: OperationsPass[] = [];
  readonly collector: OperationsCollector;

  constructor(collector: OperationsCollector) {
    this.collector = collector;
  }

  readonly run = (): void => {
    const message = this.collector.run()?.message;
    if (message === undefined) return;
    assert(message.kind === "operations", JSON.stringify(message));
    this.passes.push(message.pass);
  };

  /** Until everything has come to rest and was told. */
  finish(): void {
    for (let i = 0; i < 3; i++) this.run();
  }
}

function open(
  kernel: KernelPort,
  mode: OperationsMode,
  hook: typeof HOOKS[number],
) {
  return openOperationsAtStart(kernel, mode, undefined, [hook]);
}

function skippedIn(passes: readonly OperationsPass[]): number {
  return passes.reduce((sum, { skipped = 0 }) => sum + skipped, 0);
}

/** Equal; where the kernel skipped runs of the counting program, no more than those are missing, and nothing is too much. */
function assertCounted(
  told: OperationCounts,
  truth: OperationCounts,
  skipped: number,
): void {
  if (skipped === 0) return assertEquals(told, truth);
  skip(
    "exact counts while a kernel preempts its own programs",
    "it skips runs, and tells how many",
  );
  let missing = 0;
  for (const key in truth) {
    const less = truth[key] - (told[key] ?? 0);
    assert(less >= 0, `${key}: ${told[key]} of ${truth[key]}`);
    missing += less;
  }
  assert(missing <= skipped, `${missing} missing, ${skipped} skipped`);
}

for (const hook of HOOKS) {
  kernelTest(
    `OperationsCollector counts by ${hook} each of a single thread's operations`,
    async () => {
      const kernel = openLibc();
      using opened = open(kernel, "on", hook);
      if (opened.handle === undefined) {
        return skip(`operations by ${hook}`, opened.facts.reason ?? "");
      }
      const told = new Told(new OperationsCollector(kernel, opened.handle));
      const { pid, counts } = await operate(10_000, 1, told.run);
      told.finish();
      assertCounted(
        countsOf(told.passes, pid),
        counts,
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
      using opened = open(kernel, "on", hook);
      if (opened.handle === undefined) {
        return skip(`operations by ${hook}`, opened.facts.reason ?? "");
      }
      // Another agent, which must not disturb.
      using other = open(kernel, "on", hook);
      assert(other.handle !== undefined);
      const told = new Told(new OperationsCollector(kernel, opened.handle));
      const others = new Told(new OperationsCollector(kernel, other.handle));
      const { pid, counts } = await operate(COUNT, THREADS, told.run);
      told.finish();
      others.finish();
      for (const { passes } of [told, others]) {
        assertCounted(countsOf(passes, pid), counts, skippedIn(passes));
      }
      assertEquals(told.passes.reduce((sum, { lost }) => sum + lost, 0), 0);
      const loads = (counts["load 0"] ?? 0) + (counts["load 13"] ?? 0);
      const { timed, sumMs } = timedLoads(told.passes, pid);
      if (skippedIn(told.passes) === 0) assertEquals(timed, loads);
      assertGreater(sumMs, 0);
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
    assertEquals(attached(), 2);
    const inside = await operate(10, 2, () => {});
    nowMs += 9_999;
    told.run();
    nowMs += 1;
    told.run();
    assertEquals(attached(), 0);
    const outside = await operate(10, 2, () => {});
    nowMs += 500;
    told.run();
    assertEquals(countsOf(told.passes, inside.pid), inside.counts);
    assertEquals(countsOf(told.passes, outside.pid), {});
    assert(told.passes.every(({ isWindowed }) => isWindowed));
    const sum = (name: "elapsedMs" | "attachedMs") =>
      told.passes.reduce((all, pass) => all + pass[name], 0);
    assertEquals(sum("attachedMs"), 10_000);
    // Nothing is due before the next window.
    nowMs = told.collector.dueAtMs;
    told.run();
    assertEquals(attached(), 2);
    assertEquals(sum("elapsedMs"), 100_000);
    // As a worker does that comes after one that failed.
    closeLinksOf(kernel, ids);
    assertEquals(attached(), 0);
  },
  noBtf,
  whyNoTool("operate"),
);
