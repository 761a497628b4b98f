/** `bench` on the real kernel, with few objects and short windows: its figures hang together, and nothing is left. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import { acquire } from "../../workers/acquire.ts";
import { sampleOnce } from "../../workers/sample_once.ts";
import { DENO_ARGS, runAgent } from "../agent.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { kernelTest } from "../kernel/make.ts";
import { skip } from "../kernel/skip.ts";
import { unprivileged } from "../kernel/unprivileged.ts";

const OWN = "bpfpulse_bench";
const PATIENCE_MS = 20_000;

interface Sample {
  readonly collector: string;
  readonly backend: string;
  readonly made: number;
  readonly objects: number;
  readonly medianUs: number;
  readonly p90Us: number;
  readonly rounds: number;
  readonly reason?: string;
}

/** Objects on this machine that a `bench` made. */
function ownObjects(): number {
  const kernel = openLibc();
  using acquired = acquire(kernel, {
    runStats: "off",
    backend: "auto",
    keepPrivileges: true,
  });
  let own = 0;
  sampleOnce(
    kernel,
    (message) => {
      if (message.kind !== "births") return;
      own +=
        message.descriptions.filter((told) =>
          "name" in told && told.name === OWN
        ).length;
    },
    {
      leaveOut: acquired.ownIds,
      opened: acquired,
      intervalMs: 1000,
    },
  );
  return own;
}

kernelTest(
  "bench as JSON measures every collector by every backend, and leaves nothing",
  async () => {
    const { code, stdout, stderr } = await runAgent([
      ...["bench", "--format", "json", "--objects", "50", "--seconds", "0.2"],
    ]);
    assertEquals([code, stderr], [0, ""]);
    const { samples, agent, budget } = JSON.parse(stdout);
    const backends = kernelBtf() === undefined
      ? ["walk"]
      : ["iterator", "walk"];
    assertEquals(samples.length, 12);
    for (const sample of samples as Sample[]) {
      if (!backends.includes(sample.backend)) continue;
      if (sample.collector === "links" && backends.length === 1) continue;
      assertEquals(sample.reason, undefined);
      assert(sample.objects >= sample.made, JSON.stringify(sample));
      assert(sample.medianUs > 0 && sample.medianUs <= sample.p90Us);
      assert(sample.rounds >= 9);
    }
    const ticks = agent.windows.map(({ ticks }: { ticks: number }) => ticks);
    assertEquals(
      agent.windows.map(({ intervalMs }: { intervalMs: number }) => intervalMs),
      [100, 250, 500, 1000, null],
    );
    assertGreater(ticks[0], 0);
    assertEquals(ticks[4], 0);
    assertGreater(agent.fit.tickMs, 0);
    assertEquals(budget.cpuRatio, 0.01);
    assertEquals(ownObjects(), 0);
  },
);

kernelTest("bench that is interrupted leaves no object", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...DENO_ARGS,
      new URL("../../main.ts", import.meta.url).pathname,
      ...["bench", "--objects", "3000"],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const until = performance.now() + PATIENCE_MS;
  while (ownObjects() === 0) {
    assert(performance.now() < until, "bench makes no objects");
  }
  child.kill("SIGINT");
  const { success, signal } = await child.status;
  assertEquals([success, signal], [false, "SIGINT"]);
  // The last reference may be an iterator's of this very moment.
  while (ownObjects() !== 0) {
    assert(performance.now() < until, "bench left objects");
  }
});

Deno.test("bench without privilege says in one sentence what would help", async () => {
  const options = unprivileged();
  if ("why" in options) return skip("bench without privilege", options.why);
  using _folder = options;
  const [command, ...prefix] = [
    ...options.prefix ?? [],
    options.runtime ?? Deno.execPath(),
  ];
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [
      ...prefix,
      ...DENO_ARGS,
      `${options.root ?? new URL("../../", import.meta.url).pathname}main.ts`,
      "bench",
    ],
    env: { ...options.env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stdout)], [1, ""]);
  const lines = decoder.decode(stderr).trim().split("\n");
  assertEquals(lines.length, 1);
  assert(
    /^Cannot measure: .*EPERM.*; start bpfpulse /.test(lines[0]),
    lines[0],
  );
});
