import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  measureAgent,
  processCpuMs,
} from "../../../../src/commands/bench_agent.ts";
import { initMessage, parseFromWorker } from "../../../../workers/protocol.ts";
import { FakeClock } from "../../../fakes/fake_clock.ts";
import { FakeWorker } from "../../../fakes/fake_worker.ts";

const TICK_CPU_MS = 3;

/** The agent's measurement among workers that sample by the fake clock. @param mute they never speak */
async function measure(seconds: number, mute = false) {
  const clock = new FakeClock();
  const workers: FakeWorker[] = [];
  let cpuMs = 0;
  let nextId = 1;
  const intervals = new Set<number>();
  const measured = measureAgent({
    spawn() {
      const worker = new FakeWorker(nextId++);
      workers.push(worker);
      return worker;
    },
    parse: parseFromWorker,
    threadExists: () => false,
    mayRespawn: () => undefined,
    clock,
    init: (epoch, intervalMs) => initMessage(epoch, intervalMs, undefined),
    openBlock: () => ({ read: () => undefined }),
    cpuMs: () => cpuMs,
  }, seconds);
  let done = false;
  const end = measured.then(() => done = true, () => done = true);
  const spoken = new Set<FakeWorker>();
  for (let atMs = 0; !done; atMs += 10) {
    for (const worker of mute ? [] : workers) {
      if (worker.received.length === 0) continue;
      if (!spoken.has(worker)) worker.ready();
      const told = worker.received.findLast(({ kind }) => kind === "retune") ??
        worker.init;
      if (worker.received.some(({ kind }) => kind === "stop")) {
        worker.stopped();
        continue;
      }
      const intervalMs = "intervalMs" in told ? told.intervalMs : 0;
      intervals.add(intervalMs);
      if (spoken.has(worker) && atMs % intervalMs !== 0) continue;
      spoken.add(worker);
      worker.sample();
      cpuMs += TICK_CPU_MS / 3;
    }
    clock.advance(10);
    await new Promise((resolve) => setTimeout(resolve));
  }
  await end;
  return { measured, intervals, workers, pending: clock.pending };
}

Deno.test("measureAgent() counts ticks and CPU by interval, none at rest, and stops its workers", async () => {
  const { measured, intervals, workers } = await measure(0.5);
  const { windows, backends } = await measured;
  assertEquals(
    windows.map(({ intervalMs }) => intervalMs),
    [100, 250, 500, 1000, undefined],
  );
  assertEquals([...intervals], [20, 100, 250, 500, 1000, 3_600_000]);
  // No window is shorter than its interval.
  assertEquals(windows.map(({ wallMs }) => wallMs), [500, 500, 500, 1000, 500]);
  assertEquals(windows.map(({ ticks }) => ticks), [5, 2, 1, 1, 0]);
  for (const { cpuMs, ticks } of windows) {
    assertAlmostEquals(cpuMs, TICK_CPU_MS * ticks, 1e-9);
  }
  assertEquals(backends, { maps: "walk", programs: "walk", links: "walk" });
  assertEquals(workers.length, 3);
});

Deno.test("measureAgent() gives up on workers that never sample", async () => {
  const { measured } = await measure(0.5, true);
  await assertRejects(() => measured, Error, "a worker took no sample");
});

Deno.test("processCpuMs() rises with work", () => {
  const before = processCpuMs();
  let sum = 0;
  while (processCpuMs() - before < 1) sum += Math.sqrt(sum + 1);
  assertEquals(processCpuMs() > before, true);
});
