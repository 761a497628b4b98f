import { assertEquals } from "@std/assert";
import type { KernelPort } from "../../../../ffi/mod.ts";
import {
  collectCpuEntries,
  CpuEntriesCollector,
} from "../../../../workers/maps/cpu_entries.ts";
import type { CpuEntriesPass } from "../../../../workers/maps/cpu_entries_model.ts";
import { NO_IDS } from "../../../../workers/protocol.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const ITERATOR = {
  linkFd: 9_001,
  linkId: 1,
  programId: 1,
  form: "typed",
  recordBytes: 16,
  fields: ["count"],
  absent: {},
  cpus: 2,
} as const;
const ITERATION = 9_002;
const EIO = 5;

/** A kernel whose iterator tells `maps`: id and counts of each. */
function telling(leaveOut: readonly number[] = [], intervalMs = 500) {
  const node = { ms: 10_000, maps: [] as number[][], fails: false };
  let isRead = false;
  const kernel: KernelPort = Object.assign(new FakeKernel(), {
    monotonicMs: () => node.ms,
    bpf() {
      isRead = false;
      return node.fails ? -EIO : ITERATION;
    },
    read(_fd: number, into: Uint8Array) {
      if (isRead) return 0;
      isRead = true;
      const bytes = recordsOf(node.maps);
      into.set(bytes);
      return bytes.length;
    },
    close: () => 0,
  });
  const collector = new CpuEntriesCollector(
    kernel,
    ITERATOR,
    leaveOut,
    intervalMs,
  );
  return { node, collector };
}

function recordsOf(maps: readonly number[][]): Uint8Array {
  const records = maps.flatMap(([id, ...counts]) =>
    counts.map((count, cpu) => ({ id, cpu, count }))
  );
  const view = new DataView(new ArrayBuffer(16 * records.length));
  for (const [i, { id, cpu, count }] of records.entries()) {
    view.setUint32(16 * i, id, true);
    view.setUint32(16 * i + 4, cpu, true);
    view.setBigInt64(16 * i + 8, BigInt(count), true);
  }
  return new Uint8Array(view.buffer);
}

function passOf(collector: CpuEntriesCollector): CpuEntriesPass | undefined {
  const message = collector.run()?.message;
  return message?.kind === "cpu_entries" ? message.pass : undefined;
}

Deno.test("CpuEntriesCollector tells the counts of each CPU, signed, without the agent's own maps", () => {
  const { node, collector } = telling([8]);
  node.maps = [[7, 5, -2], [8, 1, 1], [9, 0, 2 ** 40]];
  const pass = passOf(collector);
  assertEquals([...pass?.rows ?? []], [7, 5, -2, 9, 0, 2 ** 40]);
  assertEquals([pass?.cpus, pass?.takenAtMs], [2, 10_000]);
});

Deno.test("CpuEntriesCollector tells only what is another, a map that went included", () => {
  const { node, collector } = telling();
  assertEquals([...passOf(collector)?.rows ?? [NaN]], []);
  assertEquals(passOf(collector), undefined);
  node.maps = [[7, 5, -2], [9, 0, 1]];
  assertEquals(passOf(collector)?.rows.length, 6);
  assertEquals(passOf(collector), undefined);
  node.maps = [[7, 5, -1], [9, 0, 1]];
  assertEquals([...passOf(collector)?.rows ?? []], [7, 5, -1, 9, 0, 1]);
  node.maps = [[7, 5, -1]];
  assertEquals([...passOf(collector)?.rows ?? []], [7, 5, -1]);
});

Deno.test("CpuEntriesCollector looks once a second, or as often as is sampled where that is less", () => {
  const { collector } = telling([], 100);
  assertEquals(collector.dueAtMs, -Infinity);
  collector.run();
  assertEquals(collector.dueAtMs, 11_000);
  collector.resample(5_000);
  assertEquals(collector.dueAtMs, 15_000);
});

Deno.test("CpuEntriesCollector that fails says why once, and what it told stands", () => {
  const { node, collector } = telling();
  node.maps = [[7, 5, -2]];
  passOf(collector);
  node.fails = true;
  const failed = passOf(collector);
  assertEquals([...failed?.rows ?? []], [7, 5, -2]);
  assertEquals(failed?.reason, "BPF_ITER_CREATE failed: EIO");
  assertEquals(passOf(collector), undefined);
  node.fails = false;
  assertEquals(passOf(collector)?.reason, undefined);
});

Deno.test("collectCpuEntries() does nothing unasked, and says once why it cannot", () => {
  const kernel = new FakeKernel();
  const init = { leaveOut: NO_IDS, intervalMs: 500, iterators: undefined };
  assertEquals(collectCpuEntries(kernel, init), undefined);
  const none = new CpuEntriesCollector(kernel, "no such counters", [], 500);
  assertEquals(passOf(none)?.reason, "no such counters");
  assertEquals(none.dueAtMs, Infinity);
  assertEquals(passOf(none), undefined);
});
