/** Owns the tests of the supervisor over several collectors, and of its stop. @module */
import { assertEquals } from "@std/assert";
import { Supervision } from "./supervision.ts";

const TWO = {
  collectors: [
    { name: "maps", intervalMs: 500 },
    { name: "links", intervalMs: 1_000 },
  ],
} as const;

Deno.test("start() starts one worker per collector, once", () => {
  const all = new Supervision(TWO);
  all.supervisor.start();
  all.supervisor.start();
  assertEquals(all.workers.length, 2);
  assertEquals(all.clock.pending, 1);
});

Deno.test("health() lists the collectors in their order; one that fails leaves the others alone", () => {
  const all = new Supervision(TWO);
  all.supervisor.start();
  const [maps, links] = all.workers;
  for (const worker of [maps, links]) {
    worker?.ready();
    worker?.sample();
  }
  links?.fail("boom");
  assertEquals(
    all.supervisor.health().map(({ name, status }) => `${name} ${status}`),
    ["maps sampling", "links restarting"],
  );
});

Deno.test("fatal() is called once where two threads hang", () => {
  const all = new Supervision(TWO);
  all.supervisor.start();
  for (const worker of all.workers) {
    worker.ready();
    worker.spins = true;
  }
  all.clock.advance(30_000);
  assertEquals(all.fatal.length, 1);
});

Deno.test("stop() asks the workers to stop, waits for both, terminates them and leaves no timer", async () => {
  const all = new Supervision(TWO);
  all.supervisor.start();
  let done = false;
  const stopped = all.supervisor.stop().then(() => done = true);
  const [maps, links] = all.workers;
  assertEquals(
    all.workers.map((worker) => worker.received.at(-1)?.kind),
    ["stop", "stop"],
  );
  maps?.stopped();
  await Promise.resolve();
  assertEquals(done, false);
  links?.stopped();
  await stopped;
  assertEquals(all.workers.map((worker) => worker.terminated), [true, true]);
  assertEquals(all.clock.pending, 0);
  assertEquals(all.lines, []);
  assertEquals(all.health.errors, {});
});

Deno.test("stop() waits 150 ms for a worker that does not answer, and terminates it", async () => {
  const all = Supervision.sampling();
  const stopped = all.supervisor.stop();
  all.clock.advance(149);
  assertEquals(all.worker.terminated, false);
  all.clock.advance(1);
  await stopped;
  assertEquals(all.worker.terminated, true);
  assertEquals(all.clock.pending, 0);
});

Deno.test("stop() takes an error or garbage for an answer, and starts nothing again", async () => {
  for (const end of ["fail", "send"] as const) {
    const all = Supervision.sampling();
    const stopped = all.supervisor.stop();
    all.worker[end]("late");
    await stopped;
    all.clock.advance(60_000);
    assertEquals(all.workers.length, 1);
    assertEquals(all.clock.pending, 0);
  }
});

Deno.test("stop() cancels the pause of a worker that is away", async () => {
  const all = Supervision.sampling();
  all.worker.fail("boom");
  await all.supervisor.stop();
  assertEquals(all.clock.pending, 0);
});

Deno.test("stop() during the watch over a hung thread ends without giving up", async () => {
  const all = Supervision.sampling();
  all.worker.spins = true;
  all.clock.advance(5_500);
  await all.supervisor.stop();
  all.clock.advance(5_000);
  assertEquals(all.fatal, []);
  assertEquals(all.clock.pending, 0);
});

Deno.test("stop() may be called twice, and before start()", async () => {
  const all = new Supervision();
  await all.supervisor.stop();
  await all.supervisor.stop();
  all.supervisor.start();
  assertEquals(all.workers.length, 0);
});

Deno.test("retune() tells a worker the new interval of its looks, also one that starts later", () => {
  const links = { name: "links", intervalMs: 500 } as const;
  const all = new Supervision({
    collectors: [{ ...links, holdersMs: 5_000 }],
  });
  all.supervisor.start();
  all.worker.ready();
  all.supervisor.retune([{ ...links, holdersMs: 2_000 }]);
  all.supervisor.retune([{ ...links, holdersMs: 2_000 }]);
  all.worker.fail("gone");
  all.clock.advance(10_000);
  assertEquals(
    all.workers.flatMap(({ received }) =>
      received.map((message) => "holdersMs" in message && message.holdersMs)
    ),
    [5_000, 2_000, 2_000],
  );
});

Deno.test("retune() tells each worker its new interval, and only where it is another one", () => {
  const all = new Supervision(TWO);
  all.supervisor.start();
  for (const worker of all.workers) worker.ready();
  all.supervisor.retune([
    { name: "maps", intervalMs: 500 },
    { name: "links", intervalMs: 200 },
    { name: "programs", intervalMs: 300 },
  ]);
  assertEquals(
    all.workers.map(({ received }) =>
      received.flatMap((message) =>
        message.kind === "retune" ? [message.intervalMs] : []
      )
    ),
    [[], [200]],
  );
  assertEquals(
    all.supervisor.health().map(({ intervalMs }) => intervalMs),
    [500, 200],
  );
});
