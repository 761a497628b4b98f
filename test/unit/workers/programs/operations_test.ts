import { assert, assertEquals } from "@std/assert";
import { BPF, EPERM, type KernelPort } from "../../../../ffi/mod.ts";
import type {
  OperationsMode,
  OperationsPass,
} from "../../../../workers/operations_model.ts";
import type { OperationsHandle } from "../../../../workers/operations_open.ts";
import {
  collectOperations,
  OperationsCollector,
} from "../../../../workers/programs/operations.ts";
import { WindowSchedule } from "../../../../workers/windows.ts";
import type { Counts } from "../../../../workers/programs/operations_pass.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const NOTHING: Counts = {
  processes: [],
  rows: new Float64Array(0),
  loads: new Float64Array(0),
  attachFailures: new Float64Array(0),
  lost: 0,
};

const WINDOW = { onMs: 10_000, everyMs: 100_000 };

function handleOf(mode: OperationsMode): OperationsHandle {
  return {
    mode,
    hook: "fentry",
    drain: {
      linkFd: 90,
      linkId: 1,
      programId: 1,
      form: "typed",
      recordBytes: 64,
      fields: [],
      absent: {},
    },
    programs: { enterFd: 91, exitFd: 92, ids: [7, 8] },
  };
}

/** A kernel that attaches, and a clock that stands still. */
function counting(mode: OperationsMode, read: () => Counts | string) {
  const now = { ms: 50_000, refuses: 0 };
  const attached = new Set<number>();
  let nextFd = 100;
  const kernel: KernelPort = Object.assign(new FakeKernel(), {
    monotonicMs: () => now.ms,
    bpf(command: number) {
      assertEquals(command, BPF.RAW_TRACEPOINT_OPEN);
      if (now.refuses !== 0) return -now.refuses;
      attached.add(nextFd);
      return nextFd++;
    },
    close(fd: number) {
      attached.delete(fd);
      return 0;
    },
  });
  const collector = new OperationsCollector(kernel, handleOf(mode), { read });
  return { now, attached, collector };
}

function passOf(collector: OperationsCollector): OperationsPass | undefined {
  const message = collector.run()?.message;
  if (message === undefined) return undefined;
  assert(message.kind === "operations");
  return message.pass;
}

Deno.test("OperationsCollector tells its first pass, then only what was counted", () => {
  let counts = NOTHING;
  const { now, collector } = counting("on", () => counts);
  assertEquals(passOf(collector)?.isAttached, true);
  now.ms += 500;
  assertEquals(passOf(collector), undefined);
  counts = { ...NOTHING, rows: Float64Array.of(1, 0, 0, 0, 5) };
  now.ms += 500;
  const pass = passOf(collector);
  assertEquals([...pass?.rows ?? []], [1, 0, 0, 0, 5]);
  assertEquals([pass?.elapsedMs, pass?.attachedMs], [1_000, 1_000]);
  assertEquals([pass?.isWindowed, pass?.hook], [false, "fentry"]);
});

Deno.test("OperationsCollector tells for how long it was counted what it read, and once that nothing was any more", () => {
  let counts = { ...NOTHING, rows: Float64Array.of(1, 0, 0, 0, 5) };
  const { now, collector } = counting("on", () => counts);
  const counted: unknown[] = [passOf(collector)?.countedMs];
  for (const ms of [500, 700, 500]) {
    now.ms += ms;
    counted.push(passOf(collector)?.countedMs);
  }
  assertEquals(counted, [0, 0, 500, 700]);
  counts = { ...NOTHING, rows: new Float64Array(0) };
  const told: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    now.ms += 500;
    told.push(passOf(collector)?.rows.length);
  }
  assertEquals(told, [0, undefined, undefined]);
});

Deno.test("OperationsCollector tells what was lost or skipped even where nothing was counted", () => {
  let counts: Counts = NOTHING;
  const { collector } = counting("on", () => counts);
  passOf(collector);
  counts = { ...NOTHING, lost: 2 };
  assertEquals(passOf(collector)?.lost, 2);
  counts = { ...NOTHING, skipped: 3 };
  assertEquals(passOf(collector)?.skipped, 3);
});

Deno.test("OperationsCollector attaches in windows alone, and tells for how long", () => {
  const { now, attached, collector } = counting(WINDOW, () => NOTHING);
  assertEquals(attached.size, 0);
  assertEquals(passOf(collector)?.isAttached, true);
  assertEquals(attached.size, 2);
  // Silence is told as well: it is part of the window's rate.
  const passes: OperationsPass[] = [];
  while (passes.at(-1)?.isAttached !== false) {
    now.ms = collector.dueAtMs;
    passes.push(...[passOf(collector)].filter((pass) => pass !== undefined));
  }
  assertEquals(now.ms, 60_000);
  assertEquals(attached.size, 0);
  const sum = (name: "elapsedMs" | "attachedMs" | "countedMs") =>
    passes.reduce((all, pass) => all + pass[name], 0);
  assertEquals([sum("elapsedMs"), sum("attachedMs")], [10_000, 10_000]);
  // What was in progress is read, then there is nothing to do.
  const next = new WindowSchedule(WINDOW, 50_000);
  next.next(60_000);
  for (const dueAtMs of [60_500, next.beginsAtMs]) {
    assertEquals(collector.dueAtMs, dueAtMs);
    now.ms = dueAtMs;
    passes.push(...[passOf(collector)].filter((pass) => pass !== undefined));
  }
  assertEquals(attached.size, 2);
  const elapsedMs = next.beginsAtMs - 50_000;
  assertEquals([sum("elapsedMs"), sum("attachedMs")], [elapsedMs, 10_000]);
  assertEquals(sum("countedMs"), 10_000);
});

Deno.test("OperationsCollector tells once why it cannot attach, and tries again", () => {
  const { now, attached, collector } = counting(WINDOW, () => NOTHING);
  now.refuses = EPERM;
  assertEquals(collector.run()?.message, {
    kind: "operations_failed",
    reason: "BPF_RAW_TRACEPOINT_OPEN failed: EPERM",
  });
  assertEquals(collector.run(), undefined);
  assert(collector.dueAtMs > now.ms);
  now.refuses = 0;
  assertEquals(passOf(collector)?.isAttached, true);
  assertEquals(attached.size, 2);
});

Deno.test("OperationsCollector keeps what a reading throws from the sampling of programs", () => {
  const { now, collector } = counting("on", () => {
    throw new RangeError("Cannot count:\nsecond line");
  });
  assertEquals(collector.run()?.message, {
    kind: "operations_failed",
    reason: "RangeError: Cannot count:",
  });
  assertEquals(collector.dueAtMs, now.ms + 500);
});

Deno.test("collectOperations() does nothing where nobody asked", () => {
  const kernel = new FakeKernel();
  assertEquals(collectOperations(kernel, {}), undefined);
});
