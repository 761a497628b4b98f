/**
 * The agent of main.ts, whose maps worker goes wrong: what it still serves, what it says, how it comes back or ends, and
 * that it leaves nothing switched on.
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { objectInfo, PROG_INFO, testRunProgram } from "../../ffi/mod.ts";
import { pause } from "../agent.ts";
import { mapsCollector, startFaulty, trigger } from "../faulty_agent.ts";
import { returns } from "../kernel/instructions.ts";
import { createTracepointLink } from "../kernel/links.ts";
import { makeMap } from "../kernel/maps.ts";
import { makeProgram } from "../kernel/programs.ts";
import { kernelTest } from "../kernel/skip.ts";
import { type Made, Workshop } from "../kernel/workshop.ts";

const MOST_GROWN_MB = 10;
const MAPS = { collector: "maps" };

for (
  const [fault, says] of [
    ["throws", /^The maps worker failed: Uncaught Error: the fixture throws$/],
    ["ends", /^The maps worker ended without an error$/],
  ] as const
) {
  kernelTest(
    `agent whose worker ${fault} serves on, says so once and starts it again`,
    async () => {
      await using agent = await startFaulty(fault);
      let oldestSeconds = 0;
      await agent.eventually("samples of the next life", async () => {
        const page = await agent.page();
        const maps = page.value("odigos_ebpf_objects_total", { type: "map" });
        const age = page.value(
          "odigos_ebpf_collector_snapshot_age_seconds",
          MAPS,
        );
        // The last good sample is served meanwhile, with its age.
        if (age !== undefined) assert(maps !== undefined);
        oldestSeconds = Math.max(oldestSeconds, age ?? 0);
        return page.value("odigos_ebpf_collector_restarts_total", MAPS) === 1 &&
          (page.value("odigos_ebpf_collector_samples_total", MAPS) ?? 0) > 8;
      });
      assertGreater(oldestSeconds, 0.1);
      const { status, restarts, errors } = await mapsCollector(agent);
      assertEquals({ status, restarts, errors }, {
        status: "sampling",
        restarts: 1,
        errors: { worker: 1 },
      });
      const complaints = agent.complaints.filter(({ text }) =>
        text === undefined
      );
      assertEquals(complaints.length, 1);
      assertMatch(String(complaints[0].message), says);
      assertEquals((await agent.get("/healthz")).status, 200);
    },
  );
}

kernelTest(
  "agent whose worker hangs ends with 70 and one line, serving until then",
  async () => {
    await using agent = await startFaulty("hangs");
    await agent.ready();
    await agent.eventually("overdue samples in /healthz", async () => {
      assertEquals((await agent.get("/metrics")).status, 200);
      return (await agent.get("/healthz")).status === 503;
    });
    assertEquals((await agent.ended()).code, 70);
    assertEquals(agent.complaints.map(({ message }) => message), [
      "The maps worker's thread hangs and cannot be stopped; the process ends, for its service manager to start it again",
    ]);
  },
);

/** How often the kernel counted runs of a program that was run `times` just now. */
function countedRuns(
  workshop: Workshop,
  program: Made,
  times: number,
): number {
  const info = workshop.kernel.allocate(PROG_INFO.size);
  const packet = workshop.kernel.allocate(64);
  const read = () => {
    info.bytes.fill(0);
    assertGreater(
      objectInfo(workshop.kernel, program.fd, info, PROG_INFO.size),
      0,
    );
    return PROG_INFO.run_cnt.get(info.view, PROG_INFO.run_cnt.offset);
  };
  const before = read();
  assertEquals(
    testRunProgram(workshop.kernel, program.fd, packet, 64, times),
    0,
  );
  return read() - before;
}

kernelTest(
  "agent whose worker fills its heap ends by itself, not with 0, and leaves no statistics on",
  async () => {
    using workshop = new Workshop();
    const program = makeProgram(workshop, {
      type: "socket_filter",
      code: returns(0),
      name: "counted",
    });
    assert(program !== undefined);
    const countedBefore = countedRuns(workshop, program, 100);
    await using agent = await startFaulty("fills_heap", {
      DENO_V8_FLAGS: "--max-old-space-size=64",
    });
    const status = await agent.ended();
    assert(!status.success, `expected a failure, found ${status.code}`);
    assertMatch(agent.lines.join("\n"), /out of memory/i);
    // Where somebody else keeps them, nothing can be told about ours.
    if (countedBefore === 0) {
      assertEquals(countedRuns(workshop, program, 100), 0);
    }
  },
);

interface Footprint {
  readonly fds: number;
  readonly threads: number;
  readonly rssAnonKb: number;
}

function footprint(pid: number): Footprint {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const field = (name: string) =>
    Number(status.match(new RegExp(`^${name}:\\s+(\\d+)`, "m"))?.[1]);
  return {
    fds: openDescriptors(pid).size,
    threads: field("Threads"),
    rssAnonKb: field("RssAnon"),
  };
}

kernelTest(
  "agent whose worker fails 20 times has no more descriptors and threads afterwards, and at most 10 MB more",
  async () => {
    using now = trigger();
    await using agent = await startFaulty("fails_often", {
      FIXTURE_TRIGGER: now.path,
    });
    await agent.ready();
    await agent.eventually(
      "forty samples",
      async () =>
        ((await agent.page()).value(
          "odigos_ebpf_collector_samples_total",
          MAPS,
        ) ?? 0) > 40,
    );
    const before = footprint(agent.pid);
    now.set();
    await agent.eventually("life 21 and its samples", async () => {
      const { restarts, status } = await mapsCollector(agent);
      return restarts === 20 && status === "sampling";
    }, 60_000);
    const endedAt = performance.now();
    let after = footprint(agent.pid);
    const grownMb = () => (after.rssAnonKb - before.rssAnonKb) / 1024;
    // A page that was just made, and garbage of the last lives, are given back within this time as well.
    await agent.eventually("threads, descriptors and memory of before", () => {
      after = footprint(agent.pid);
      return after.threads <= before.threads && after.fds <= before.fds &&
        grownMb() <= MOST_GROWN_MB;
    }, 15_000);
    const tookMs = Math.round(performance.now() - endedAt);
    // deno-lint-ignore no-console -- how much is part of the result
    console.log(
      `20 respawns: ${before.threads} threads and ${before.fds} descriptors again after ${tookMs} ms, RssAnon ${
        grownMb().toFixed(1)
      } MB more`,
    );
  },
);

/** So that each collector has something to open; links are to a tracepoint that is seldom passed. */
function makeOneOfEach(workshop: Workshop): void {
  makeMap(workshop, { type: "array", key: 4, value: 8, max: 1 });
  const source = { type: "raw_tracepoint", code: returns(0) };
  const program = makeProgram(workshop, source);
  assert(program !== undefined);
  workshop.need(
    "link",
    "link raw_tracepoint",
    createTracepointLink(workshop, program.fd, "sched_process_exit"),
  );
}

function openDescriptors(pid: number): Set<string> {
  return new Set(
    [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => name),
  );
}

/** The lowest number that a new descriptor can get; those that are open only while a sample is taken do not count. */
async function lowestFree(pid: number): Promise<number> {
  let kept: Set<string> | undefined;
  for (let look = 0; look < 5; look++) {
    const open = openDescriptors(pid);
    kept = kept === undefined ? open : kept.intersection(open);
    await pause(7);
  }
  let lowest = 0;
  while (kept?.has(String(lowest))) lowest++;
  return lowest;
}

function softLimit(pid: number): number {
  const limits = Deno.readTextFileSync(`/proc/${pid}/limits`);
  return Number(limits.match(/^Max open files\s+(\d+)/m)?.[1]);
}

function limitDescriptors(pid: number, soft: number): void {
  const { success, stderr } = new Deno.Command("prlimit", {
    args: ["--pid", String(pid), `--nofile=${soft}:`],
  }).outputSync();
  assert(success, new TextDecoder().decode(stderr));
}

kernelTest(
  "agent without a free descriptor keeps its last sample, starts no worker, and recovers",
  async () => {
    using workshop = new Workshop();
    makeOneOfEach(workshop);
    using now = trigger();
    await using agent = await startFaulty("throws_on_trigger", {
      FIXTURE_TRIGGER: now.path,
    });
    await agent.ready();
    const good = await agent.page();
    const maps = good.value("odigos_ebpf_objects_total", { type: "map" });
    const soft = softLimit(agent.pid);
    limitDescriptors(agent.pid, await lowestFree(agent.pid));
    await agent.eventually("EMFILE of all collectors", async () => {
      const page = await agent.page();
      return ["maps", "programs", "links"].every((collector) =>
        (page.value("odigos_ebpf_collector_errors_total", {
          collector,
          error: "EMFILE",
        }) ?? 0) > 2
      );
    });
    assertEquals(
      (await agent.page()).value("odigos_ebpf_objects_total", { type: "map" }),
      maps,
    );
    now.set();
    await agent.eventually(
      "worker that waits for a descriptor",
      async () =>
        /^Cannot start the maps worker yet: .*file descriptor/.test(
          String((await mapsCollector(agent)).lastError),
        ),
    );
    now.unset();
    limitDescriptors(agent.pid, soft);
    await agent.eventually("good samples of all collectors", async () => {
      const { collectors } = JSON.parse((await agent.get("/readyz")).text);
      return collectors.every(({ status }: { status: string }) =>
        status === "sampling"
      );
    });
    const { restarts, errors } = await mapsCollector(agent);
    assertEquals([restarts, (errors as Record<string, number>).worker], [1, 1]);
    agent.kill("SIGTERM");
    assertEquals((await agent.ended()).code, 0);
  },
);
