/**
 * The agent of main.ts, stopped for a while, and under a wall clock that is set an hour forward and back: it goes on as if
 * nothing had been, and what it shows afterwards is right.
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import { testRunProgram } from "../../ffi/mod.ts";
import { Agent, pause } from "../agent.ts";
import { returns } from "../kernel/instructions.ts";
import type { Page } from "../kernel/page.ts";
import { makeProgram } from "../kernel/programs.ts";
import { kernelTest } from "../kernel/skip.ts";
import { Workshop } from "../kernel/workshop.ts";

const INTERVAL_MS = 100;
const COLLECTORS = ["maps", "programs", "links"];

/** Longer than the watchdog's patience of 5 s; STOP_SECONDS=60 for the long form. */
const STOP_SECONDS = Number(Deno.env.get("STOP_SECONDS") ?? 8);

/** Of each collector. */
function values(page: Page, name: string): number[] {
  return COLLECTORS.map((collector) =>
    page.value(`odigos_ebpf_collector_${name}`, { collector }) ?? NaN
  );
}

kernelTest(
  `agent that was stopped for ${STOP_SECONDS} s goes on, counts what it missed, and its rates are right`,
  async () => {
    using workshop = new Workshop();
    const source = { type: "socket_filter", code: returns(0), name: "counted" };
    const program = makeProgram(workshop, source);
    assert(program !== undefined);
    const labels = { prog_id: `${program.id}` };
    const packet = workshop.kernel.allocate(64);
    await using agent = await Agent.start([
      "--interval",
      `${INTERVAL_MS}ms`,
      "--run-stats",
      "on",
    ]);
    await agent.ready();
    await agent.eventually(
      "page with the program",
      async () =>
        (await agent.page()).value("odigos_ebpf_program_runs_total", labels) ===
          0,
    );
    const before = await agent.page();
    const samplesBefore = values(before, "samples_total");
    agent.kill("SIGSTOP");
    const stoppedAt = performance.now();
    while (performance.now() - stoppedAt < 1_000) {
      const answer = testRunProgram(
        workshop.kernel,
        program.fd,
        packet,
        64,
        1_000_000,
      );
      assertEquals(answer, 0);
      await pause(0);
    }
    await pause(STOP_SECONDS * 1_000 - (performance.now() - stoppedAt));
    agent.kill("SIGCONT");
    const stoppedSeconds = (performance.now() - stoppedAt) / 1_000;

    await agent.eventually("three samples of all collectors", async () => {
      const page = await agent.page();
      return values(page, "samples_total").every((count, i) =>
        count - samplesBefore[i] > 3
      );
    });
    const after = await agent.page();
    const runTimeSeconds =
      (after.value("odigos_ebpf_program_runtime_ns_total", labels) ?? NaN) /
      1e9;
    const highest = after.value("odigos_ebpf_program_cpu_ratio_max", labels) ??
      NaN;
    for (const age of values(after, "snapshot_age_seconds")) assertLess(age, 1);
    // All of it fell into one interval, which was as long as the stop.
    assertGreater(runTimeSeconds, 0.01);
    assertAlmostEquals(
      highest,
      runTimeSeconds / stoppedSeconds,
      0.2 * runTimeSeconds / stoppedSeconds,
    );
    const missed = values(after, "missed_ticks_total");
    const missedBefore = values(before, "missed_ticks_total");
    const slots = stoppedSeconds * 1_000 / INTERVAL_MS;
    for (const [i, count] of missed.entries()) {
      assertAlmostEquals(count - missedBefore[i], slots, 0.1 * slots);
    }
    // For as long as the watchdog takes, and then some, nothing happens to the workers.
    const samples = values(after, "samples_total");
    await agent.eventually(
      "six seconds of samples",
      async () =>
        values(await agent.page(), "samples_total").every((count, i) =>
          count - samples[i] > 6_000 / INTERVAL_MS
        ),
    );
    const later = await agent.page();
    assertEquals(values(later, "restarts_total"), [0, 0, 0]);
    assertEquals((await agent.get("/healthz")).status, 200);
    assertEquals(agent.complaints, []);
    // deno-lint-ignore no-console -- how much is part of the result
    console.log(
      `stopped ${stoppedSeconds.toFixed(1)} s: ${
        missed.join(", ")
      } ticks missed, ${runTimeSeconds.toFixed(2)} s of run time shown as ${
        highest.toFixed(4)
      } of a CPU`,
    );
  },
);

kernelTest(
  "agent does not notice a wall clock that jumps an hour forward and two back",
  async () => {
    await using agent = await Agent.start(["--interval", `${INTERVAL_MS}ms`], {
      root: new URL("../fixtures/agents/", import.meta.url).pathname,
      env: { FIXTURE_FAULT: "clock" },
    });
    await agent.ready();
    let page = await agent.page();
    for (const signal of ["SIGWINCH", "SIGUSR2"] as const) {
      agent.kill(signal);
      const samples = values(page, "samples_total");
      const counters = page.counters();
      await agent.eventually("twenty more samples", async () => {
        page = await agent.page();
        for (const age of values(page, "snapshot_age_seconds")) {
          assertGreaterOrEqual(age, 0);
          assertLess(age, 5);
        }
        return values(page, "samples_total").every((count, i) =>
          count - samples[i] >= 20
        );
      });
      for (const [key, value] of page.counters()) {
        assertGreaterOrEqual(value, counters.get(key) ?? 0, key);
      }
      for (const { value } of page.samples("odigos_ebpf_program_cpu_ratio")) {
        assertGreaterOrEqual(value, 0);
        assertLessOrEqual(value, 2);
      }
      assertEquals((await agent.get("/healthz")).status, 200);
      assertEquals((await agent.get("/readyz")).status, 200);
    }
    assertEquals(values(page, "restarts_total"), [0, 0, 0]);
    assertEquals(agent.complaints, []);
    agent.kill("SIGTERM");
    assertEquals((await agent.ended()).code, 0);
    // Only the log tells the time of day: it is an hour behind, so the clock was really set.
    const last = Date.parse(String(agent.log.at(-1)?.time));
    assertAlmostEquals(last - Date.now(), -3_600_000, 60_000);
  },
);
