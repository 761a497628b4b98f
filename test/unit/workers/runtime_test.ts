import { assert, assertEquals } from "@std/assert";
import { BPF, EMFILE } from "../../../ffi/mod.ts";
import { BlockReader } from "../../../workers/columns.ts";
import { collectPrograms } from "../../../workers/programs/collect.ts";
import { type FromWorker, initMessage } from "../../../workers/protocol.ts";
import type { Beat } from "../../../workers/pulse.ts";
import { CollectorRun, type ThreadPort } from "../../../workers/runtime.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

/** A thread whose time the test moves. */
class FakeThread {
  readonly kernel = new FakeKernel({ threadId: 77 });
  readonly messages: FromWorker[] = [];
  readonly beats: Beat[] = [];
  /** Nobody takes beats any more. */
  full = false;
  #due: { atMs: number; callback: () => void } | undefined;

  post(message: FromWorker): void {
    this.messages.push(message);
  }

  after(delayMs: number, callback: () => void): () => void {
    this.#due = { atMs: this.kernel.nowMs + delayMs, callback };
    return () => this.#due = undefined;
  }

  beat(beat: Beat): boolean {
    if (!this.full) this.beats.push(beat);
    return !this.full;
  }

  get waits(): boolean {
    return this.#due !== undefined;
  }

  /** Fires what is due, `lateMs` after its time. */
  fire(lateMs = 0): void {
    const due = this.#due;
    assert(due, "nothing is due");
    this.#due = undefined;
    this.kernel.nowMs = due.atMs + lateMs;
    due.callback();
  }

  take(): FromWorker[] {
    return this.messages.splice(0);
  }
}

/** As a thread without a pulse. */
function start(thread: FakeThread, intervalMs = 100): CollectorRun {
  return startOn(thread, {
    kernel: thread.kernel,
    post: (message) => thread.post(message),
    after: (delayMs, callback) => thread.after(delayMs, callback),
  }, intervalMs);
}

function startOn(
  { kernel }: FakeThread,
  port: ThreadPort,
  intervalMs = 100,
): CollectorRun {
  const init = initMessage(3, intervalMs, undefined);
  return new CollectorRun(port, init, collectPrograms(kernel, init));
}

function kinds(messages: readonly FromWorker[]): string[] {
  return messages.map((message) =>
    "table" in message ? `${message.kind} ${message.table}` : message.kind
  );
}

Deno.test("CollectorRun announces itself, then births before the sample that refers to them", () => {
  const thread = new FakeThread();
  thread.kernel.addProgram({ id: 4 });
  start(thread);
  const messages = thread.take();
  assertEquals(kinds(messages), [
    "ready",
    "births program",
    "block program",
    "block btf",
    "sampled",
  ]);
  const [ready] = messages;
  assert(ready.kind === "ready");
  assertEquals([ready.epoch, ready.threadId, ready.backend], [3, 77, "walk"]);
});

Deno.test("CollectorRun sends nothing but the report when only counters changed", () => {
  const thread = new FakeThread();
  thread.kernel.statsSysctl = true;
  thread.kernel.addProgram({ id: 4 });
  start(thread);
  const block = thread.take().find((message) =>
    message.kind === "block" && message.table === "program"
  );
  assert(block?.kind === "block");
  const reader = new BlockReader(block.buffer);
  assertEquals(reader.read()?.columns[1][0], 0);
  thread.kernel.runProgram(4, 6);
  thread.fire();
  assertEquals(kinds(thread.take()), ["sampled"]);
  const copy = reader.read();
  assertEquals([copy?.tick, copy?.columns[1][0]], [2, 6]);
});

Deno.test("CollectorRun samples at multiples of the interval and reports what it missed", () => {
  const thread = new FakeThread();
  const startMs = thread.kernel.nowMs;
  start(thread);
  thread.take();
  thread.fire(1.5);
  thread.fire(250);
  const reports = thread.take().filter(({ kind }) => kind === "sampled");
  thread.fire();
  const [last] = thread.take();
  assert(last.kind === "sampled");
  assertEquals(last.startedAtMs, startMs + 500);
  assertEquals(last.missedTicks, 2);
  assertEquals(
    reports.map((report) => report.kind === "sampled" && report.missedTicks),
    [0, 0],
  );
});

Deno.test("CollectorRun moves to a bigger block when a table outgrows its own", () => {
  const thread = new FakeThread();
  start(thread);
  thread.take();
  for (let id = 1; id <= 500; id++) thread.kernel.addProgram({ id });
  thread.fire();
  const messages = thread.take();
  assertEquals(kinds(messages), ["births program", "block program", "sampled"]);
  const block = messages[1];
  assert(block.kind === "block");
  assertEquals(new BlockReader(block.buffer).read()?.count, 500);
});

Deno.test("CollectorRun writes no block for a table that failed, and goes on", () => {
  const thread = new FakeThread();
  thread.kernel.addProgram({ id: 4 });
  start(thread);
  const block = thread.take().find(({ kind }) => kind === "block");
  assert(block?.kind === "block");
  thread.kernel.fail(BPF.PROG_GET_FD_BY_ID, EMFILE, { times: 2 });
  thread.fire();
  const [sampled] = thread.take();
  assert(sampled.kind === "sampled");
  assertEquals(sampled.tables.map(({ failure }) => failure?.errno), [
    "EMFILE",
    undefined,
  ]);
  assertEquals(new BlockReader(block.buffer).read()?.tick, 1);
  thread.fire();
  assertEquals(new BlockReader(block.buffer).read()?.tick, 3);
});

Deno.test("CollectorRun reports the system calls of each sample", () => {
  const thread = new FakeThread();
  thread.kernel.addProgram({ id: 4 });
  start(thread);
  thread.take();
  thread.fire();
  const [sampled] = thread.take();
  assert(sampled.kind === "sampled");
  // Four for the program, two at the end of their list. BTF objects are not due yet.
  assertEquals(sampled.syscalls, 6);
});

Deno.test("CollectorRun.retune() samples at the new interval from then on", () => {
  const thread = new FakeThread();
  const run = start(thread, 60_000);
  thread.take();
  thread.kernel.nowMs += 10;
  const retunedAtMs = thread.kernel.nowMs;
  run.retune(200);
  thread.fire();
  thread.fire(3);
  thread.fire();
  const starts = thread.take().map((message) =>
    message.kind === "sampled" && message.startedAtMs - retunedAtMs
  );
  assertEquals(starts, [200, 403, 600]);
});

Deno.test("CollectorRun.stop() takes no sample any more", () => {
  const thread = new FakeThread();
  const run = start(thread);
  thread.take();
  run.stop();
  assertEquals(kinds(thread.take()), ["stopped"]);
  assertEquals(thread.waits, false);
});

Deno.test("CollectorRun tells a sample in which nothing was new by its pulse alone", () => {
  const thread = new FakeThread();
  const startMs = thread.kernel.nowMs;
  thread.kernel.statsSysctl = true;
  thread.kernel.addProgram({ id: 4 });
  startOn(thread, thread);
  thread.take();
  thread.fire();
  thread.fire(120);
  assertEquals(thread.take(), []);
  thread.fire();
  assertEquals(
    thread.beats.map(({ tick, startedAtMs, missedTicks }) => [
      tick,
      startedAtMs - startMs,
      missedTicks,
    ]),
    [[2, 100, 0], [3, 320, 0], [4, 400, 1]],
  );
  thread.kernel.runProgram(4, 6);
  thread.fire();
  assertEquals(kinds(thread.take()), ["sampled"]);
  thread.fire();
  assertEquals(thread.beats.length, 4);
  thread.kernel.addProgram({ id: 9 });
  thread.fire();
  assertEquals(kinds(thread.take()), ["births program", "sampled"]);
  assertEquals(thread.beats.length, 4);
});

Deno.test("CollectorRun tells by a message what nobody takes from its pulse", () => {
  const thread = new FakeThread();
  startOn(thread, thread);
  thread.take();
  thread.full = true;
  thread.fire();
  assertEquals(kinds(thread.take()), ["sampled"]);
});

Deno.test("CollectorRun tells by a message that a sample failed, and that the next one was good again", () => {
  const thread = new FakeThread();
  thread.kernel.addProgram({ id: 4 });
  startOn(thread, thread);
  thread.take();
  thread.kernel.fail(BPF.PROG_GET_FD_BY_ID, EMFILE, { times: 2 });
  thread.fire();
  thread.fire();
  assertEquals(kinds(thread.take()), ["sampled", "sampled"]);
  thread.fire();
  assertEquals(thread.take(), []);
});

Deno.test("CollectorRun does what is aside between samples when it is due, and sooner after renew()", () => {
  const thread = new FakeThread();
  let dueAtMs = -Infinity;
  let runs = 0;
  const init = initMessage(3, 100, undefined);
  const run = new CollectorRun(
    {
      kernel: thread.kernel,
      post: (message) => thread.post(message),
      after: (delayMs, callback) => thread.after(delayMs, callback),
    },
    init,
    collectPrograms(thread.kernel, init),
    {
      get dueAtMs() {
        return dueAtMs;
      },
      renew: () => dueAtMs = thread.kernel.nowMs + 10,
      retune: (ms) => dueAtMs = thread.kernel.nowMs + ms,
      run() {
        runs++;
        dueAtMs = thread.kernel.nowMs + 150;
        return { message: { kind: "holders_failed", reason: `run ${runs}` } };
      },
    },
  );
  const startMs = thread.kernel.nowMs;
  const fired = () => {
    thread.fire();
    const kind = thread.take().at(-1)?.kind;
    return `${thread.kernel.nowMs - startMs} ${kind}`;
  };
  thread.take();
  assertEquals([fired(), fired(), fired(), fired()], [
    "0 holders_failed",
    "100 sampled",
    "150 holders_failed",
    "200 sampled",
  ]);
  run.renew();
  assertEquals([fired(), fired()], ["210 holders_failed", "300 sampled"]);
  run.retune(100, 30);
  assertEquals([fired(), fired()], ["330 holders_failed", "400 sampled"]);
  run.stop();
  assertEquals(thread.waits, false);
});

Deno.test("CollectorRun.renew() tells the tables that the set of objects changed", () => {
  const thread = new FakeThread();
  const init = initMessage(3, 100, undefined);
  const collector = collectPrograms(thread.kernel, init);
  let renewals = 0;
  const tables = collector.tables.map((table) =>
    Object.assign(table, { renew: () => renewals++ })
  );
  const run = new CollectorRun(
    {
      kernel: thread.kernel,
      post: (message) => thread.post(message),
      after: (delayMs, callback) => thread.after(delayMs, callback),
    },
    init,
    { ...collector, tables },
  );
  run.renew();
  assertEquals([tables.length, renewals], [2, 2]);
  run.stop();
});

Deno.test("CollectorRun looks beside its samples, and tells what was new with the next sample", () => {
  const kernel = new FakeKernel();
  const init = initMessage(3, 100, undefined);
  const messages: FromWorker[] = [];
  const waits: [delayMs: number, callback: () => void][] = [];
  let looks = 0;
  let cancelled = 0;
  const run = new CollectorRun(
    {
      kernel,
      post: (message) => messages.push(message),
      after(delayMs, callback) {
        waits.push([delayMs, callback]);
        return () => cancelled++;
      },
    },
    init,
    {
      ...collectPrograms(kernel, init),
      buffers: {
        looks: [{ look: () => void looks++, nextDelayMs: 8 }],
        take: () =>
          looks === 1 ? undefined : {
            takenAtMs: 0,
            passes: looks,
            spentMs: 0,
            periodMs: 8,
            rings: new Float64Array(),
            perf: new Float64Array(),
            unavailable: {},
          },
      },
    },
  );
  assertEquals(looks, 1);
  assertEquals(waits.map(([delayMs]) => delayMs), [8, 100]);
  assert(!kinds(messages).includes("buffers"));
  waits[0][1]();
  assertEquals([looks, waits[2][0]], [2, 8]);
  waits[1][1]();
  assertEquals(kinds(messages).slice(-2), ["buffers", "sampled"]);
  run.stop();
  assertEquals(cancelled, 2);
});
