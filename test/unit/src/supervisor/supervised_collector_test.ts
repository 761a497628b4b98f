/** Owns the tests of a worker's lives: ready, deadlines, silence, end, pause, next start. @module */
import { aPass } from "../../../pass_builders.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { Supervision } from "./supervision.ts";

Deno.test("SupervisedCollector is starting until the first sample, then sampling", () => {
  const all = new Supervision();
  all.supervisor.start();
  assertEquals(all.health.status, "starting");
  assertEquals(all.health.backend, undefined);
  all.worker.ready();
  assertEquals(all.health.status, "starting");
  assertEquals(all.health.backend, "walk");
  assertEquals(all.health.backendReason, "the only one");
  all.worker.sample();
  assertEquals(all.health.status, "sampling");
  assertEquals(all.sunk, ["maps sampled 1"]);
});

Deno.test("SupervisedCollector passes blocks, births, holders and samples on in their order", () => {
  const all = Supervision.sampling();
  const { worker } = all;
  const buffer = new SharedArrayBuffer(8);
  worker.say({ kind: "block", epoch: 1, table: "map", buffer });
  worker.say({
    kind: "births",
    epoch: 1,
    table: "map",
    firstBirth: 1,
    descriptions: [],
  });
  worker.say({ kind: "holders", epoch: 1, pass: aPass() });
  worker.sample();
  assertEquals(all.sunk, [
    "maps sampled 1",
    "maps block",
    "maps births",
    "links holders",
    "maps sampled 2",
  ]);
});

Deno.test("SupervisedCollector starts a worker again that is not ready within 10 s", () => {
  const all = new Supervision();
  all.supervisor.start();
  const { worker } = all;
  all.clock.advance(9_500);
  assertEquals(all.workers.length, 1);
  all.clock.advance(600);
  assertEquals(worker.terminated, true);
  assertEquals(all.workers.length, 2);
  assertMatch(all.health.lastError ?? "", /ready within 10000 ms/);
  assertEquals(all.health.errors, { worker: 1 });
});

Deno.test("SupervisedCollector gives up on workers that hang before they are ready", () => {
  const all = new Supervision();
  all.supervisor.start();
  all.clock.advance(60_000);
  assertEquals(all.workers.length, 2);
  assertEquals(all.fatal.length, 1);
  assertMatch(all.fatal[0], /hung before it was ready, again and again/);
});

Deno.test("SupervisedCollector is failing when a sample is overdue, counts each further deadline, and recovers", () => {
  const all = Supervision.sampling();
  all.clock.advance(1_000);
  assertEquals(all.health.overdueInARow, 0);
  assertEquals(all.health.status, "sampling");
  all.clock.advance(500);
  assertEquals(all.health.overdueInARow, 1 + 1);
  assertEquals(all.health.status, "failing");
  assertMatch(all.health.lastError ?? "", /^Cannot sample maps in time: /);
  assertEquals(all.health.errors, {});
  all.worker.sample();
  assertEquals(all.health.overdueInARow, 0);
  assertEquals(all.health.status, "sampling");
});

Deno.test("SupervisedCollector expects the first sample right after ready", () => {
  const all = new Supervision();
  all.supervisor.start();
  all.worker.ready();
  all.clock.advance(500);
  assertEquals(all.health.overdueInARow, 0);
  all.clock.advance(500);
  assertEquals(all.health.overdueInARow, 2);
});

Deno.test("SupervisedCollector leaves deadlines that are missed and met again to the debug log", () => {
  const all = Supervision.sampling();
  all.clock.advance(4_500);
  all.worker.sample();
  assertEquals(all.lines.slice(1), [
    "debug: Cannot sample maps in time: expected a sample at most 500 ms after it was due, found none",
    "debug: The maps worker's samples arrive again",
  ]);
});

Deno.test("SupervisedCollector starts a failed worker again after a pause, in the next epoch", () => {
  const all = Supervision.sampling();
  const { worker } = all;
  worker.fail("boom");
  assertEquals(worker.terminated, true);
  assertEquals(all.health.status, "restarting");
  assertEquals(all.health.restarts, 0);
  assertEquals(all.sunk.at(-1), "maps ended");
  all.clock.advance(99);
  assertEquals(all.workers.length, 1);
  all.clock.advance(1);
  assertEquals(all.workers.length, 2);
  assertEquals(all.worker.init.epoch, 2);
  assertEquals(all.health.restarts, 1);
  assertEquals(all.health.errors, { worker: 1 });
  assertEquals(all.logged("error"), ["error: The maps worker failed: boom"]);
  all.worker.ready();
  assertEquals(all.health.status, "restarting");
  all.worker.sample();
  assertEquals(all.health.status, "sampling");
  assertEquals(all.health.samples, 2);
});

Deno.test("SupervisedCollector doubles the pause up to 10 s", () => {
  const all = Supervision.sampling();
  assertEquals(
    Array.from({ length: 9 }, () => all.failAndCountPauseMs()),
    [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000],
  );
});

Deno.test("SupervisedCollector begins with a short pause again after a minute of good life", () => {
  const all = Supervision.sampling();
  for (let i = 0; i < 4; i++) all.failAndCountPauseMs();
  all.worker.ready();
  all.sampleFor(59_000);
  assertEquals(all.failAndCountPauseMs(), 1_600);
  all.worker.ready();
  all.sampleFor(60_000);
  assertEquals(all.failAndCountPauseMs(), 100);
});

Deno.test("SupervisedCollector counts deadlines while its worker is away, and after the next one is ready until it sampled", () => {
  const all = Supervision.sampling();
  for (let i = 0; i < 8; i++) all.failAndCountPauseMs();
  const missed = all.health.overdueInARow;
  assertEquals(missed > 10, true);
  assertEquals(all.health.status, "restarting");
  assertEquals(all.health.lastError, "The maps worker failed: boom");
  all.worker.ready();
  all.clock.advance(500);
  assertEquals(all.health.overdueInARow, missed + 1);
  assertEquals(all.health.status, "restarting");
  assertEquals(all.health.lastError, "The maps worker failed: boom");
  all.clock.advance(1_000);
  assertEquals(all.health.overdueInARow, missed + 3);
  assertEquals(all.health.status, "failing");
  all.worker.sample();
  assertEquals(all.health.overdueInARow, 0);
});

Deno.test("SupervisedCollector misses deadlines also where no worker ever was ready", () => {
  const all = new Supervision();
  all.supervisor.start();
  for (let i = 0; i < 9; i++) all.failAndCountPauseMs();
  assertEquals(all.health.overdueInARow > 10, true);
});

Deno.test("SupervisedCollector finds a worker that ended silently by its thread, and starts it again", () => {
  const all = Supervision.sampling();
  all.worker.endSilently();
  all.clock.advance(1_000);
  assertEquals(all.workers.length, 1);
  all.clock.advance(500);
  assertEquals(all.health.status, "restarting");
  assertEquals(all.health.lastError, "The maps worker ended without an error");
  all.clock.advance(100);
  assertEquals(all.workers.length, 2);
  assertEquals(all.health.errors, { worker: 1 });
  assertEquals(all.fatal, []);
});

Deno.test("SupervisedCollector starts a worker again that stopped unasked", () => {
  const all = Supervision.sampling();
  all.worker.stopped();
  all.clock.advance(100);
  assertEquals(all.workers.length, 2);
  assertMatch(all.health.lastError ?? "", /stopped, and nobody had asked/);
});

Deno.test("SupervisedCollector gives up once on a thread that spins and stays six ticks after its end", () => {
  const all = Supervision.sampling();
  const { worker } = all;
  worker.spins = true;
  all.clock.advance(4_500);
  assertEquals(worker.terminated, false);
  all.clock.advance(500);
  assertEquals(worker.terminated, true);
  assertEquals(all.health.status, "failing");
  assertMatch(all.health.lastError ?? "", /said nothing for 5000 ms/);
  all.clock.advance(2_500);
  assertEquals(all.fatal, []);
  all.clock.advance(500);
  assertEquals(all.fatal.length, 1);
  assertMatch(
    all.fatal[0] ?? "",
    /^The maps worker's thread hangs and cannot be stopped; /,
  );
  assertEquals(all.logged("error"), []);
  all.clock.advance(60_000);
  assertEquals(all.fatal.length, 1);
  assertEquals(all.workers.length, 1);
});

Deno.test("SupervisedCollector starts a hung worker again where its thread went away after all", () => {
  const all = Supervision.sampling();
  const { worker } = all;
  worker.spins = true;
  all.clock.advance(5_500);
  assertEquals(worker.terminated, true);
  worker.alive = false;
  all.clock.advance(600);
  assertEquals(all.workers.length, 2);
  assertEquals(all.fatal, []);
  assertEquals(all.logged("error"), [
    "error: The maps worker hung: it said nothing for 5000 ms",
  ]);
  assertEquals(all.health.errors, { worker: 1 });
});

Deno.test("SupervisedCollector gives up on a broken worker whose thread spins", () => {
  const all = Supervision.sampling();
  all.worker.spins = true;
  all.worker.send("garbage");
  assertEquals(all.health.status, "failing");
  all.clock.advance(3_000);
  assertEquals(all.workers.length, 1);
  assertEquals(all.fatal.length, 1);
});

Deno.test("SupervisedCollector takes any message for a sign of life", () => {
  const all = Supervision.sampling();
  all.worker.spins = true;
  for (let i = 0; i < 10; i++) {
    all.clock.advance(4_500);
    all.worker.say({
      kind: "births",
      epoch: 1,
      table: "map",
      firstBirth: i,
      descriptions: [],
    });
  }
  assertEquals(all.worker.terminated, false);
  assertEquals(all.health.status, "failing");
  assertEquals(all.health.overdueInARow > 10, true);
});

Deno.test("SupervisedCollector grants ten intervals of silence to a slow collector", () => {
  const hourMs = 3_600_000;
  const all = Supervision.sampling({
    collectors: [{ name: "maps", intervalMs: hourMs }],
    limits: { tickMs: 60_000, tickCountsAtMostMs: 120_000 },
  });
  all.clock.advance(2 * hourMs);
  assertEquals(all.health.status, "sampling");
  all.clock.advance(8 * hourMs - 60_000);
  assertEquals(all.worker.terminated, false);
  assertEquals(all.health.overdueInARow, 8);
  all.clock.advance(60_000);
  assertEquals(all.worker.terminated, true);
});

Deno.test("SupervisedCollector forgives a minute in which the process was stopped", () => {
  const all = Supervision.sampling();
  all.worker.spins = true;
  all.clock.jump(60_000);
  assertEquals(all.health.status, "sampling");
  assertEquals(all.health.overdueInARow, 0);
  assertEquals(all.worker.terminated, false);
  all.clock.advance(100);
  all.worker.sample();
  all.clock.advance(500);
  assertEquals(all.health.status, "sampling");
  assertEquals(all.health.restarts, 0);
});

Deno.test("SupervisedCollector counts a second for each late tick, so that a hang is found also on a busy machine", () => {
  const all = Supervision.sampling();
  all.worker.spins = true;
  for (let i = 0; i < 4; i++) all.clock.jump(20_000);
  assertEquals(all.worker.terminated, false);
  all.clock.jump(20_000);
  assertEquals(all.worker.terminated, true);
});

Deno.test("SupervisedCollector waits for as long as no worker may be started, and says so once", () => {
  const all = Supervision.sampling();
  all.reasonToWait = "3 file descriptors are left";
  all.worker.fail("boom");
  all.clock.advance(5_000);
  all.reasonToWait = "2 file descriptors are left";
  all.clock.advance(5_000);
  assertEquals(all.workers.length, 1);
  assertEquals(all.health.status, "restarting");
  assertEquals(
    all.health.lastError,
    "Cannot start the maps worker yet: 2 file descriptors are left",
  );
  assertEquals(all.logged("warn"), [
    "warn: Cannot start the maps worker yet: 3 file descriptors are left",
  ]);
  all.reasonToWait = undefined;
  all.clock.advance(500);
  assertEquals(all.workers.length, 2);
  assertEquals(all.worker.init.epoch, 2);
  assertEquals(all.health.restarts, 1);
});

Deno.test("SupervisedCollector tries again where a worker cannot be started", () => {
  const all = new Supervision({
    spawn: () => {
      throw new TypeError("Module not found");
    },
  });
  all.supervisor.start();
  all.clock.advance(350);
  assertEquals(all.health.errors, { worker: 3 });
  assertEquals(all.health.restarts, 2);
  assertEquals(
    all.health.lastError,
    "Cannot start the maps worker: Module not found",
  );
});

Deno.test("SupervisedCollector.retune() judges the worker by the new interval from then on", () => {
  const all = Supervision.sampling();
  all.supervisor.retune([{ name: "maps", intervalMs: 10_000 }]);
  all.clock.advance(10_000);
  assertEquals(all.health.overdueInARow, 0);
  all.clock.advance(10_500);
  assertEquals(all.health.overdueInARow, 1);
  all.worker.sample();
  all.supervisor.retune([{ name: "maps", intervalMs: 500 }]);
  all.clock.advance(2_000);
  assertEquals(all.health.overdueInARow, 3);
});

Deno.test("SupervisedCollector.retune() forgets deadlines that were missed at the old interval", () => {
  const all = Supervision.sampling();
  all.clock.advance(3_000);
  assertEquals(all.health.overdueInARow > 0, true);
  all.supervisor.retune([{ name: "maps", intervalMs: 1_000 }]);
  assertEquals(all.health.overdueInARow, 0);
});

Deno.test("SupervisedCollector.retune() grants ten of the new intervals of silence", () => {
  const all = Supervision.sampling();
  all.supervisor.retune([{ name: "maps", intervalMs: 2_000 }]);
  all.clock.advance(19_500);
  assertEquals(all.worker.terminated, false);
  all.clock.advance(500);
  assertEquals(all.worker.terminated, true);
});

Deno.test("SupervisedCollector.retune() is what a worker that is away or starting begins with", () => {
  const all = Supervision.sampling();
  all.worker.fail("boom");
  all.supervisor.retune([{ name: "maps", intervalMs: 200 }]);
  all.clock.advance(100);
  assertEquals(all.worker.init.intervalMs, 200);
  all.supervisor.retune([{ name: "maps", intervalMs: 300 }]);
  assertEquals(all.worker.received.at(-1)?.kind, "retune");
  assertEquals(all.health.intervalMs, 300);
});

Deno.test("SupervisedCollector has what a worker left closed as soon as its thread is gone, and not before", () => {
  const buried: string[] = [];
  const all = Supervision.sampling({ buried: (name) => buried.push(name) });
  all.worker.fail("boom");
  assertEquals(buried, ["maps"]);
  all.clock.advance(100);
  const { worker } = all;
  worker.spins = true;
  worker.ready();
  worker.sample();
  all.clock.advance(6_000);
  assertEquals(worker.terminated, true);
  assertEquals(buried, ["maps"]);
  worker.alive = false;
  all.clock.advance(500);
  assertEquals(buried, ["maps", "maps"]);
});
