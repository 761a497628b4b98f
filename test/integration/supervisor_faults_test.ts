/** Owns the tests of the supervisor over real workers that go wrong. @module */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { CollectorHealth } from "../../src/state/collector_health.ts";
import { superviseFixture } from "../fixtures/workers/supervision.ts";

/** Runs a fixture until the sample in life `epoch` that `tick` numbers; stops it. */
async function runUntil(
  fixture: string,
  epoch: number,
  tick: number,
): Promise<{ health: CollectorHealth; lines: string[]; stopMs: number }> {
  const lines: string[] = [];
  const reached = Promise.withResolvers<void>();
  const supervisor = superviseFixture(fixture, {
    line: (level, message) => {
      if (level === "warn" || level === "error") lines.push(message);
      if (lines.length > 3) reached.reject(new Error(lines.join("; ")));
    },
    sampled: (message) => {
      if (message.epoch === epoch && message.tick === tick) reached.resolve();
    },
    fatal: (message) => reached.reject(new Error(message)),
  });
  supervisor.start();
  try {
    await reached.promise;
    const [health] = supervisor.health();
    assert(health !== undefined);
    const stoppingAtMs = performance.now();
    await supervisor.stop();
    return { health, lines, stopMs: performance.now() - stoppingAtMs };
  } finally {
    await supervisor.stop();
  }
}

Deno.test("Supervisor takes samples of a worker that behaves, and its Stopped", async () => {
  const { health, lines, stopMs } = await runUntil("behaves.ts", 1, 5);
  assertEquals(health.status, "sampling");
  assertEquals(health.samples, 5);
  assertEquals(health.restarts, 0);
  assertEquals(lines, []);
  assert(stopMs < 150, `expected an answer before 150 ms, found ${stopMs} ms`);
});

for (
  const [fixture, samples, lastError] of [
    [
      "throws.ts",
      2,
      /^The maps worker failed: Uncaught Error: the fixture throws$/,
    ],
    ["rejects.ts", undefined, /^The maps worker failed: .*the fixture rejects/],
    ["closes.ts", undefined, /^The maps worker ended without an error$/],
    ["exits.ts", 2, /^The maps worker ended without an error$/],
    [
      "sends_garbage.ts",
      2,
      /^Cannot take a message of the maps worker: .*found "song"$/,
    ],
  ] as const
) {
  Deno.test(`Supervisor starts the worker of ${fixture} again, with one log line`, async () => {
    const { health, lines } = await runUntil(fixture, 2, 5);
    assertEquals(health.status, "sampling");
    assertEquals(health.restarts, 1);
    assertEquals(health.errors, { worker: 1 });
    assertMatch(health.lastError ?? "", lastError);
    assertEquals(lines, [health.lastError]);
    if (samples !== undefined) assertEquals(health.samples, samples + 5);
  });
}

Deno.test("Supervisor ends the process with 70 and one log line where a worker spins", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      new URL("../fixtures/workers/spinning_process.ts", import.meta.url)
        .pathname,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const lines = new TextDecoder().decode(stderr).trimEnd().split("\n");
  assertEquals(lines, [
    "error: The maps worker's thread hangs and cannot be stopped; the process ends, for its service manager to start it again",
  ]);
  assertEquals(code, 70);
});
