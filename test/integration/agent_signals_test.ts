/** main.ts as a process: how it ends, and what it says where it cannot begin. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { Agent, runAgent } from "../agent.ts";
import { kernelTest } from "../kernel/skip.ts";

const STOP_MS = 500;

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`agent ends with 0 in under ${STOP_MS} ms on ${signal} under a stream of scrapes`, async () => {
    await using agent = await Agent.start(["--interval", "100ms"]);
    let scrapes = 0;
    const scraping = new AbortController();
    async function scrape(): Promise<void> {
      while (!scraping.signal.aborted) {
        try {
          await agent.page();
          scrapes++;
        } catch {
          // The agent no longer answers: what this test waits for.
          return;
        }
      }
    }
    const scrapers = Array.from({ length: 4 }, scrape);
    await agent.eventually("stream of scrapes", () => scrapes > 20);
    const before = performance.now();
    agent.kill(signal);
    const status = await agent.ended();
    const tookMs = performance.now() - before;
    scraping.abort();
    await Promise.all(scrapers);
    assertEquals({ code: status.code, signal: status.signal }, {
      code: 0,
      signal: null,
    });
    assertLess(tookMs, STOP_MS);
    assertEquals(agent.complaints, []);
    // deno-lint-ignore no-console -- how long it took is part of the result
    console.log(
      `${signal}: ended after ${Math.round(tookMs)} ms, ${scrapes} scrapes`,
    );
  });
}

const BAD_USAGE: readonly (readonly [args: string, says: RegExp])[] = [
  ["--interval 5ms", /5ms/],
  ["--interval banana", /banana/],
  ["--interval", /--interval/],
  ["--listen :99999", /99999/],
  ["--listen nowhere", /nowhere/],
  ["--lisen x", /--listen/],
  ["--run-stats perhaps", /perhaps/],
  ["--max-series -1", /-1/],
  ["--limit maps=many", /many/],
  ["--log-level loud", /loud/],
  ["surplus", /surplus/],
];

for (const [args, says] of BAD_USAGE) {
  Deno.test(`agent ends with 2 and one sentence for ${args}`, async () => {
    const { code, stdout, stderr } = await runAgent(args.split(" "));
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertOneSentence(stderr, says);
  });
}

Deno.test("agent ends with 1 and one sentence when its port is in use", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const { code, stderr } = await runAgent([
    "--listen",
    `127.0.0.1:${port}`,
    "--log-level",
    "error",
  ]);
  assertEquals(code, 1, stderr);
  assertOneSentence(stderr, new RegExp(`127\\.0\\.0\\.1:${port}`));
});

Deno.test("agent leaves its own pid in the log", async () => {
  await using agent = await Agent.start();
  assert(
    agent.log.some(({ pid }) => pid === agent.pid),
    agent.lines.join("\n"),
  );
});

for (const flag of ["--help", "--version"]) {
  Deno.test(`agent prints something and ends with 0 for ${flag}`, async () => {
    const { code, stdout, stderr } = await runAgent([flag]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertGreater(stdout.length, 10);
  });
}

/** One line, without a stack trace. */
function assertOneSentence(stderr: string, says: RegExp): void {
  const lines = stderr.split("\n").filter((line) => line !== "");
  assertEquals(lines.length, 1, stderr);
  assert(says.test(stderr), stderr);
  assert(!/\bat \S+:\d+:\d+|^\s+at |Error:/m.test(stderr), stderr);
}

kernelTest(
  "agent opens no debugger's port at SIGUSR1, and goes on",
  async () => {
    await using agent = await Agent.start();
    await agent.ready();
    // The runtime takes the signal for itself some time after its start.
    await agent.eventually("two samples more than its first", async () => {
      const page = await agent.page();
      return (page.value("odigos_ebpf_collector_samples_total", {
        collector: "maps",
      }) ?? 0) > 3;
    });
    agent.kill("SIGUSR1");
    assertEquals((await agent.get("/healthz")).status, 200);
    agent.kill("SIGTERM");
    assertEquals((await agent.ended()).code, 0);
    assertEquals(
      agent.lines.filter((line) => /debugger|inspect/i.test(line)),
      [],
    );
  },
);
