/** Owns the tests of workers/programs/run_stats_windows.ts, stats_gap.ts and own_stats.ts. @module */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { BPF, EPERM } from "../../../../ffi/mod.ts";
import { walkPrograms } from "../../../../workers/programs/walk.ts";
import {
  collectRunStats,
  StatsWindows,
} from "../../../../workers/programs/run_stats_windows.ts";
import { holdRunStats } from "../../../../workers/run_stats.ts";
import type { RunStatsPass } from "../../../../workers/run_stats_model.ts";
import { countRuns } from "../../../fakes/fake_commands.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const WINDOW = { onMs: 100, everyMs: 1_000 };
const SYSCTL = "/proc/sys/kernel/bpf_stats_enabled";

/** Programs that run so often each ms, in a kernel whose clock is moved by hand. */
class Node {
  readonly kernel = new FakeKernel();
  readonly windows: StatsWindows;
  readonly table;
  readonly #runsPerMs = new Map<number, number>();
  readonly passes: RunStatsPass[] = [];
  readonly failures: string[] = [];
  /** Of all time, counted or not. */
  readonly runs = new Map<number, number>();
  /** CLOCK_MONOTONIC of the next sample that the worker takes anyway. */
  #tickAtMs = Infinity;

  constructor(
    prepare: (kernel: FakeKernel) => void = () => {},
    window = WINDOW,
  ) {
    prepare(this.kernel);
    const { handle, programIds } = holdRunStats(this.kernel, window);
    assert(handle !== undefined);
    this.table = walkPrograms(this.kernel, programIds);
    this.table.sample();
    this.windows = new StatsWindows(this.kernel, handle, this.table);
  }

  addProgram(id: number, runsPerMs: number): void {
    this.kernel.addProgram({ id });
    this.#runsPerMs.set(id, runsPerMs);
    this.runs.set(id, 0);
  }

  samplesEveryMs(intervalMs: number): void {
    this.#tickAtMs = this.kernel.nowMs + intervalMs;
    this.#intervalMs = intervalMs;
  }
  #intervalMs = 0;

  /** One ms after the other. @param each is called before each of them */
  live(ms: number, each: (nowMs: number) => void = () => {}): void {
    for (let i = 0; i < ms; i++) {
      each(this.kernel.nowMs);
      if (this.kernel.nowMs >= this.windows.dueAtMs) this.#aside();
      if (this.kernel.nowMs >= this.#tickAtMs) {
        this.#tickAtMs += this.#intervalMs;
        this.table.sample();
        this.windows.sampled();
      }
      for (const [id, times] of this.#runsPerMs) {
        const program = this.kernel.tables.program.get(id);
        if (program === undefined) continue;
        countRuns(this.kernel, program, times);
        this.runs.set(id, (this.runs.get(id) ?? 0) + times);
      }
      this.kernel.advanceMs(1);
    }
  }

  #aside(): void {
    const message = this.windows.run()?.message;
    if (message?.kind === "run_stats") this.passes.push(message.pass);
    if (message?.kind === "run_stats_failed") {
      this.failures.push(message.reason);
    }
  }

  /** As the kernel counts. */
  counted(id: number): number {
    const program = this.kernel.tables.program.get(id);
    return Number(program?.view.getBigUint64(200, true) ?? -1n);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((one, other) => one + other, 0);
}

/** Runs in a ms, over all windows. */
function rateOf(passes: readonly RunStatsPass[], id: number): number {
  const runs = passes.map(({ ids, runCounts }) => runCounts[ids.indexOf(id)]);
  return sum(runs) / sum(passes.map(({ fromMs, toMs }) => toMs - fromMs));
}

function coverageOf(passes: readonly RunStatsPass[]): number {
  return sum(passes.map(({ countedMs }) => countedMs)) /
    sum(passes.map(({ elapsedMs }) => elapsedMs));
}

Deno.test("StatsWindows counts in windows alone, and tells what ran in each", () => {
  const node = new Node();
  node.addProgram(7, 3);
  node.addProgram(8, 0);
  node.table.sample();
  node.live(10_000);
  assertEquals(node.passes.length, 10);
  assertEquals(rateOf(node.passes, 7), 3);
  for (const { ids, fromMs, toMs, runTimeNs, isOther } of node.passes) {
    assertEquals([...ids], [7]);
    assertEquals(toMs - fromMs, 100);
    assertEquals([...runTimeNs], [300 * node.kernel.runNs]);
    assertEquals(isOther, false);
  }
  // A total goes up by what was counted, and by nothing else.
  assertEquals(node.counted(7), 10 * 300);
  assertEquals(node.runs.get(7), 30_000);
  assertAlmostEquals(coverageOf(node.passes), 0.1, 0.01);
});

Deno.test("StatsWindows holds nothing between windows", () => {
  const node = new Node();
  let on = 0;
  node.live(5_000, () => on += Number(node.kernel.statsEnabled));
  assertEquals(on, 5 * 100);
  assertEquals(node.kernel.fds.holdsStats, false);
});

Deno.test("StatsWindows lie all over their periods, one in each", () => {
  const node = new Node();
  const startMs = node.kernel.nowMs;
  node.live(50_000);
  const places = node.passes.map(({ fromMs }) => (fromMs - startMs) % 1_000);
  const periods = node.passes.map(({ fromMs }) =>
    Math.floor((fromMs - startMs) / 1_000)
  );
  assertEquals(periods, Array.from({ length: 50 }, (_, i) => i));
  for (let tenth = 0; tenth < 10; tenth++) {
    const there = places.filter((place) => Math.floor(place / 100) === tenth);
    assert(there.length >= 4 && there.length <= 7, `${tenth}: ${there}`);
  }
});

Deno.test("StatsWindows never meet, however long they are, and skip periods that passed", () => {
  for (const onMs of [10, 500, 501, 618, 900, 990]) {
    const node = new Node(() => {}, { onMs, everyMs: 1_000 });
    node.live(20_000);
    node.passes.reduce((before, pass) => {
      assert(pass.fromMs >= before.toMs, `${onMs}`);
      return pass;
    });
    const onePercent = node.passes.length * onMs / 20_000 / 100;
    assertAlmostEquals(coverageOf(node.passes), onMs / 1_000, 10 * onePercent);
    node.kernel.advanceMs(3_600_000);
    const before = node.passes.length;
    node.live(5_000);
    assert(node.passes.length - before <= 6);
  }
});

Deno.test("StatsWindows estimates right what runs in step with the windows' period", () => {
  const node = new Node();
  node.addProgram(7, 0);
  node.table.sample();
  const program = node.kernel.tables.program.get(7);
  assert(program !== undefined);
  // 50 ms of each second.
  node.live(100_000, (nowMs) => {
    if (nowMs % 1_000 < 50) countRuns(node.kernel, program, 10);
  });
  const runs = node.passes.map(({ ids, runCounts }) =>
    runCounts[ids.indexOf(7)] ?? 0
  );
  const windowsMs = sum(node.passes.map(({ fromMs, toMs }) => toMs - fromMs));
  assertAlmostEquals(sum(runs) / windowsMs, 10 * 50 / 1_000, 0.05);
});

Deno.test("StatsWindows knows its rates though somebody else counts all the time, and that somebody does", () => {
  const node = new Node((kernel) => kernel.statsOther = true);
  node.addProgram(7, 3);
  node.table.sample();
  node.samplesEveryMs(500);
  node.live(10_000);
  assertEquals(rateOf(node.passes, 7), 3);
  assertEquals(node.passes.map(({ isOther }) => isOther), Array(10).fill(true));
  assertEquals(coverageOf(node.passes), 1);
});

Deno.test("StatsWindows is not misled by somebody else's windows, and does not take them for all of the time", () => {
  const node = new Node();
  node.addProgram(7, 3);
  node.table.sample();
  node.samplesEveryMs(100);
  node.live(20_000, (nowMs) => node.kernel.statsOther = nowMs % 300 < 100);
  assertEquals(rateOf(node.passes, 7), 3);
  // The kernel counted more than was in the agent's windows.
  assert(node.counted(7) > 20 * 300 * 2);
  assert(node.passes.filter(({ isOther }) => isOther).length > 10);
  const coverage = coverageOf(node.passes);
  assert(coverage >= 0.09 && coverage < 0.2, `${coverage}`);
});

Deno.test("StatsWindows notices runs that were counted between two samples in one gap, whatever its own program finds", () => {
  const node = new Node();
  node.addProgram(7, 3);
  node.table.sample();
  node.samplesEveryMs(100);
  // On for a ms in each gap, between two samples.
  let sinceTick = 0;
  node.live(5_000, () => {
    sinceTick = (sinceTick + 1) % 100;
    node.kernel.statsOther = sinceTick === 50 && !node.kernel.fds.holdsStats;
  });
  assertEquals(node.passes.slice(1).every(({ isOther }) => isOther), true);
  assertEquals(rateOf(node.passes, 7), 3);
  assertAlmostEquals(coverageOf(node.passes), 0.1, 0.02);
});

Deno.test("StatsWindows opens nothing where the sysctl keeps statistics on, for as long as it does", () => {
  const node = new Node();
  node.addProgram(7, 3);
  node.table.sample();
  let held = 0;
  node.live(5_000, () => {
    node.kernel.statsSysctl = true;
    held += Number(node.kernel.fds.holdsStats);
  });
  assertEquals(held, 0);
  assertEquals(rateOf(node.passes, 7), 3);
  assertEquals(coverageOf(node.passes), 1);
  assertEquals(node.passes.map(({ sysctl }) => sysctl), Array(5).fill(true));
  assertEquals(node.passes.map(({ isOther }) => isOther), Array(5).fill(false));
  node.kernel.statsSysctl = false;
  const before = node.passes.length;
  node.live(5_000);
  assertEquals(node.passes.at(-1)?.sysctl, false);
  assertEquals(rateOf(node.passes.slice(before), 7), 3);
});

Deno.test("StatsWindows tells nothing of a window in which the sysctl was turned off", () => {
  const node = new Node((kernel) => kernel.statsSysctl = true);
  node.live(50);
  node.kernel.statsSysctl = false;
  node.live(100);
  assertEquals(node.passes, []);
});

Deno.test("StatsWindows tells no rate of a program that came in the window, or took over an id", () => {
  const node = new Node();
  node.addProgram(7, 3);
  node.table.sample();
  node.live(50);
  node.addProgram(9, 3);
  node.live(10);
  node.kernel.tables.program.remove(7);
  node.kernel.addProgram({ id: 7, loadTimeNs: 99n });
  node.live(100);
  assertEquals(node.passes.map(({ ids }) => [...ids]), [[]]);
  node.live(1_900);
  assertEquals(node.passes.at(-1)?.ids.includes(9), true);
});

Deno.test("StatsWindows says once why it cannot open one, and goes on trying", () => {
  const node = new Node();
  node.kernel.fail(BPF.ENABLE_STATS, EPERM);
  node.live(3_000);
  assertEquals(node.failures, ["BPF_ENABLE_STATS failed: EPERM"]);
  assertEquals(node.passes, []);
  node.kernel.clearFaults();
  node.live(2_000);
  // The time without windows is in the next one's.
  assert((node.passes[0].elapsedMs) > 2_000);
  node.kernel.fail(BPF.ENABLE_STATS, EPERM);
  node.live(2_000);
  assertEquals(node.failures.length, 2);
});

Deno.test("StatsWindows ends a window whose sample fails, and tells nothing of it", () => {
  const node = new Node();
  node.kernel.fail(BPF.PROG_GET_NEXT_ID, EPERM);
  node.live(500);
  assertEquals(node.passes, []);
  assertEquals(node.kernel.fds.holdsStats, false);
  node.kernel.clearFaults();
  node.live(1_500);
  assertEquals(node.passes.length, 1);
});

Deno.test("StatsWindows does without the sysctl's file, and without a program of its own", () => {
  const kernel = new FakeKernel();
  kernel.files.remove(SYSCTL);
  const table = walkPrograms(kernel, []);
  table.sample();
  const windows = new StatsWindows(kernel, { window: WINDOW }, table);
  windows.run();
  assertEquals(kernel.statsEnabled, true);
  kernel.advanceMs(100);
  const message = windows.run()?.message;
  assert(message?.kind === "run_stats");
  assertEquals("sysctl" in message.pass, false);
  assertEquals([message.pass.countedMs, message.pass.elapsedMs], [100, 100]);
});

Deno.test("StatsWindows closes a window in which something is thrown, and counts its time as one in which nobody looked", () => {
  const kernel = new FakeKernel();
  const { rows } = walkPrograms(kernel, []);
  let throws = false;
  const windows = new StatsWindows(kernel, { window: WINDOW }, {
    rows,
    syscalls: 0,
    sample() {
      if (throws) throw new RangeError("Cannot sample");
      return { table: "program", skipped: {} };
    },
  });
  const startMs = kernel.nowMs;
  windows.run();
  throws = true;
  kernel.advanceMs(100);
  assertEquals(windows.run()?.message, {
    kind: "run_stats_failed",
    reason: "RangeError: Cannot sample",
  });
  assertEquals(kernel.statsEnabled, false);
  throws = false;
  kernel.advanceMs(windows.dueAtMs - kernel.nowMs);
  windows.run();
  kernel.advanceMs(100);
  const message = windows.run()?.message;
  assert(message?.kind === "run_stats");
  const { countedMs, elapsedMs } = message.pass;
  assertAlmostEquals(countedMs, 100, 0.001);
  assertAlmostEquals(elapsedMs, kernel.nowMs - startMs, 0.001);
});

Deno.test("collectRunStats() does nothing where nobody asked", () => {
  assertEquals(
    collectRunStats(new FakeKernel(), {}, { tables: [] }),
    undefined,
  );
});
