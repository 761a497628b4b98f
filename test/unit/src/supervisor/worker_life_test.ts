/** Owns the tests of what is heard of a worker, and what is passed over. @module */
import { assert, assertEquals } from "@std/assert";
import {
  type Beat,
  PulseReader,
  PulseWriter,
} from "../../../../workers/pulse.ts";
import { Supervision } from "./supervision.ts";

Deno.test("WorkerLife sends init first, with its epoch", () => {
  const all = new Supervision();
  all.supervisor.start();
  assertEquals(all.worker.received.map((message) => message.kind), ["init"]);
  assertEquals(all.worker.init.epoch, 1);
});

Deno.test("WorkerLife passes over messages of another epoch, also as a sign of life", () => {
  const all = Supervision.sampling();
  all.failAndCountPauseMs();
  all.worker.ready(1);
  all.worker.sample({ epoch: 1 });
  assertEquals(all.health.samples, 1);
  assertEquals(all.health.status, "restarting");
  all.clock.advance(10_500);
  assertEquals(all.health.errors, { worker: 2 });
});

Deno.test("WorkerLife passes over what a terminated worker sends, and keeps its errors from ending the process", () => {
  const all = Supervision.sampling();
  const [first] = all.workers;
  all.failAndCountPauseMs();
  all.worker.ready();
  first?.sample();
  first?.send("garbage");
  first?.failToDeserialize();
  assertEquals(first?.fail("late"), true);
  assertEquals(all.health.samples, 1);
  assertEquals(all.health.errors, { worker: 1 });
  assertEquals(all.workers.length, 2);
});

Deno.test("WorkerLife prevents an error event from ending the process, and gives its first line", () => {
  const all = Supervision.sampling();
  assertEquals(all.worker.fail("Uncaught Error: boom\n    at file.ts:1"), true);
  assertEquals(
    all.health.lastError,
    "The maps worker failed: Uncaught Error: boom",
  );
});

for (
  const [what, send] of [
    ["text", (all: Supervision) => all.worker.send("garbage")],
    [
      "an unknown kind",
      (all: Supervision) => all.worker.send({ version: 1, kind: "song" }),
    ],
    [
      "another version",
      (all: Supervision) => all.worker.send({ version: 99, kind: "ready" }),
    ],
    [
      "a sample without tables",
      (all: Supervision) =>
        all.worker.send({ version: 1, kind: "sampled", epoch: 1 }),
    ],
    [
      "what cannot be deserialized",
      (all: Supervision) => all.worker.failToDeserialize(),
    ],
  ] as const
) {
  Deno.test(`WorkerLife takes ${what} for a broken worker: logged, terminated, started again`, () => {
    const all = Supervision.sampling();
    const { worker } = all;
    send(all);
    assertEquals(worker.terminated, true);
    assertEquals(all.logged("error").length, 1);
    assertEquals(
      all.health.lastError?.startsWith(
        "Cannot take a message of the maps worker: ",
      ),
      true,
    );
    assertEquals(all.health.errors, { worker: 1 });
    all.clock.advance(100);
    assertEquals(all.workers.length, 2);
    assertEquals(all.health.samples, 1);
    assertEquals(all.fatal, []);
  });
}

Deno.test("WorkerLife holds against the worker what its sink cannot take", () => {
  const all = Supervision.sampling({
    sink: {
      block: () => {},
      births: () => {
        throw new Error("Cannot apply births: expected 2, found 7");
      },
      holders: () => {},
      sampled: () => {},
    },
  });
  all.worker.say({
    kind: "births",
    epoch: 1,
    table: "map",
    firstBirth: 7,
    descriptions: [],
  });
  assertEquals(
    all.health.lastError,
    "Cannot take a message of the maps worker: Cannot apply births: expected 2, found 7",
  );
  assertEquals(all.worker.terminated, true);
});

function beat(tick: number): Beat {
  return {
    tick,
    startedAtMs: tick,
    durationMs: 1,
    missedTicks: 0,
    syscalls: 3,
  };
}

/** A worker that has a pulse, and what it repeated as `maps 2`. */
function pulsing(): { all: Supervision; pulse: PulseWriter; sunk: string[] } {
  const sunk: string[] = [];
  const all = Supervision.sampling({
    openPulse: () => new PulseReader(),
    sink: {
      block: () => {},
      births: () => {},
      holders: () => {},
      sampled: ({ tick }) => sunk.push(`sampled ${tick}`),
      repeated: ({ tick }) => sunk.push(`repeated ${tick}`),
    },
  });
  const { pulse } = all.worker.init;
  assert(pulse);
  return { all, pulse: new PulseWriter(pulse), sunk };
}

Deno.test("WorkerLife takes samples from the pulse in their place among those that messages tell", () => {
  const { all, pulse, sunk } = pulsing();
  pulse.beat(beat(2));
  pulse.beat(beat(4));
  assertEquals(all.health.samples, 2);
  all.worker.sample({ tick: 3 });
  assertEquals(all.health.samples, 4);
  assertEquals(all.health.syscalls, 12);
  assertEquals(all.health.sampledAtMs, 4);
  assertEquals(sunk, ["sampled 1", "repeated 2", "sampled 3", "repeated 4"]);
});

Deno.test("WorkerLife hears a worker by its pulse alone", () => {
  const { all, pulse } = pulsing();
  for (let tick = 2; tick < 42; tick++) {
    pulse.beat(beat(tick));
    all.clock.advance(500);
  }
  assertEquals(all.health.status, "sampling");
  assertEquals(all.health.overdueInARow, 0);
  assertEquals(all.health.samples, 41);
  all.clock.advance(6_000);
  assertEquals(all.health.errors, { worker: 1 });
});

Deno.test("WorkerLife wakes the worker for whatever it is to do, and for its end", async () => {
  const { all, pulse } = pulsing();
  assert(pulse.sleep(0));
  all.supervisor.retune([{ name: "maps", intervalMs: 250 }]);
  assert(!pulse.sleep(60_000));
  const stopped = all.supervisor.stop();
  assert(!pulse.sleep(60_000));
  all.worker.stopped();
  await stopped;
  assert(!pulse.sleep(60_000));
});
