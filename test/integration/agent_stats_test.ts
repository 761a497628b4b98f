/**
 * Run-time statistics of the whole agent: on while it lives, off after its end, whatever ends it. The kernel keeps one
 * count of who wants them, so a test program that is run now and then tells whether anybody does.
 */
import { assertEquals, assertGreater } from "@std/assert";
import { objectInfo, PROG_INFO, testRunProgram } from "../../ffi/mod.ts";
import { Agent, pause } from "../agent.ts";
import { returns } from "../kernel/instructions.ts";
import { makeProgram } from "../kernel/programs.ts";
import { kernelTest, skip } from "../kernel/skip.ts";
import { type Made, Workshop } from "../kernel/workshop.ts";

const RUNS = 1000;

/** A program that nothing runs but run(). */
function idleProgram(workshop: Workshop): Made {
  const source = { type: "socket_filter", code: returns(0), name: "counted" };
  const program = makeProgram(workshop, source);
  if (program === undefined) throw new Error("Cannot load a socket filter");
  return program;
}

function run(workshop: Workshop, program: Made, repeat = RUNS): void {
  const packet = workshop.kernel.allocate(64);
  assertEquals(
    testRunProgram(workshop.kernel, program.fd, packet, 64, repeat),
    0,
  );
}

/** As the kernel counts. */
function runCount(workshop: Workshop, program: Made): number {
  const info = workshop.kernel.allocate(PROG_INFO.size);
  assertGreater(
    objectInfo(workshop.kernel, program.fd, info, PROG_INFO.size),
    0,
  );
  return PROG_INFO.run_cnt.get(info.view, PROG_INFO.run_cnt.offset);
}

/** How long somebody else, as an agent of another test that just ends, may keep statistics on. */
const PATIENCE_MS = 3000;

/** True, with a SKIP line, where somebody beside the agent keeps statistics on. */
async function countedAlready(
  workshop: Workshop,
  what: string,
): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS;
  do {
    const probe = idleProgram(workshop);
    run(workshop, probe, 10);
    if (runCount(workshop, probe) === 0) return false;
    await pause(50);
  } while (performance.now() < until);
  skip(what, "somebody else keeps run-time statistics on");
  return true;
}

kernelTest(
  "agent shows runs and run time of a program while --run-stats is on, and leaves nothing on after SIGKILL",
  async () => {
    using workshop = new Workshop();
    if (await countedAlready(workshop, "statistics after SIGKILL")) return;
    const program = idleProgram(workshop);
    await using agent = await Agent.start([
      "--interval",
      "50ms",
      "--run-stats",
      "on",
    ]);
    await agent.ready();
    const labels = { prog_id: `${program.id}` };
    run(workshop, program);
    let runTimeNs = 0;
    await agent.eventually(`page with ${RUNS} runs`, async () => {
      const page = await agent.page();
      runTimeNs = page.value("odigos_ebpf_program_runtime_ns_total", labels) ??
        0;
      return page.value("odigos_ebpf_program_runs_total", labels) === RUNS;
    });
    assertGreater(runTimeNs, 0);
    const page = await agent.page();
    assertEquals(
      page.value("odigos_ebpf_stats_enabled", { source: "agent" }),
      1,
    );
    agent.kill("SIGKILL");
    assertEquals((await agent.ended()).signal, "SIGKILL");
    const counted = runCount(workshop, program);
    run(workshop, program);
    assertEquals(runCount(workshop, program), counted);
  },
);

kernelTest("agent enables nothing with --run-stats off", async () => {
  using workshop = new Workshop();
  if (await countedAlready(workshop, "--run-stats off")) return;
  const program = idleProgram(workshop);
  await using agent = await Agent.start([
    "--interval",
    "50ms",
    "--run-stats",
    "off",
  ]);
  await agent.ready();
  run(workshop, program);
  assertEquals(runCount(workshop, program), 0);
  const page = await agent.page();
  const enabled = page.value("odigos_ebpf_stats_enabled", { source: "agent" });
  assertEquals(enabled, 0);
  assertEquals(agent.complaints, []);
});
