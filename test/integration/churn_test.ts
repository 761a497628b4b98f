/**
 * The agent beside a process that creates and destroys 1,000 objects a second, for CHURN_SECONDS (10): nothing
 * fails, no counter falls, no descriptor stays.
 */
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { Agent } from "../agent.ts";
import { compile, whyNoCompiler } from "../kernel/compile.ts";
import { kernelTest } from "../kernel/skip.ts";

const RATE = 1000;
const SECONDS = Number(Deno.env.get("CHURN_SECONDS") ?? 10);
/** Connections of the scrapes come and go. */
const FD_SLACK = 4;

function openFds(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

kernelTest(
  `agent samples beside ${RATE} objects a second for ${SECONDS} s without errors, falling counters or new fds`,
  async () => {
    await using agent = await Agent.start(["--interval", "100ms"]);
    await agent.ready();
    await agent.page();
    const fdsBefore = openFds(agent.pid);
    const churn = new Deno.Command(compile("churn"), {
      args: [`${RATE}`, `${SECONDS}`],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    let ended = false;
    const output = churn.output().finally(() => ended = true);

    const fallen: string[] = [];
    let last = new Map<string, number>();
    let scrapes = 0;
    let mostFds = 0;
    let page = await agent.page();
    while (!ended) {
      page = await agent.page();
      scrapes++;
      const counters = page.counters();
      for (const [key, value] of counters) {
        const before = last.get(key);
        if (before !== undefined && value < before) {
          fallen.push(`${key} from ${before} to ${value}`);
        }
      }
      last = counters;
      mostFds = Math.max(mostFds, openFds(agent.pid));
    }
    const { success, stdout } = await output;
    assertEquals(success, true);
    const churned = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(churned.destroyed, RATE * SECONDS);
    const created = page.samples("odigos_ebpf_objects_created_total")
      .reduce((sum, { value }) => sum + value, 0);
    // deno-lint-ignore no-console -- how much was seen is part of the result
    console.log(
      `${churned.created} objects in ${churned.seconds} s, the agent saw ${created}; ${scrapes} scrapes, ${fdsBefore} to ${mostFds} fds`,
    );

    assertEquals(fallen, []);
    assertEquals(agent.complaints, []);
    const errors = page.samples("odigos_ebpf_collector_errors_total")
      .filter(({ value }) => value !== 0);
    assertEquals(errors, []);
    assertLessOrEqual(mostFds, fdsBefore + FD_SLACK);
    // Objects live for a fifth of a second and are sampled every tenth: nearly all of them are seen.
    assertGreater(created, (RATE * SECONDS) / 2);
  },
  whyNoCompiler(),
);
