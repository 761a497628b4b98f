/**
 * Perf buffers of another process on the real kernel, beside what their owner knows: equal to the sample where none was overwritten unseen, lost
 * equal always; estimates close where most was overwritten, and never called exact.
 */
import { pause } from "../agent.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { openLibc, type PerfLoop } from "../../ffi/mod.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { PerfOwner, type PerfRow, PerfWatch } from "../kernel/perf_buffers.ts";
import { hasSince } from "../kernel/since.ts";
import { kernelTest } from "../kernel/skip.ts";

const PAGE = 4096;
const kernel = openLibc();
const reasons = [
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("perf"),
];

/** By the loop that this kernel has, and by the other one where it has both. */
function perfTest(
  name: string,
  run: (watch: PerfWatch) => Promise<void>,
  loops: readonly PerfLoop[] = ["called", "bounded"],
): void {
  for (const loop of loops) {
    kernelTest(
      loop === "called" ? name : `${name}, without bpf_loop()`,
      async () => {
        using watch = new PerfWatch({ loop });
        await run(watch);
      },
      ...reasons,
      loop === "called" && !hasSince(kernel, "5.17")
        ? "the kernel has no bpf_loop()"
        : undefined,
    );
  }
}

/** 1 where the kernel counts lost samples: since 6.0, and where that was carried back. */
function exact({ iterator: { isLostExact } }: PerfWatch): number {
  assert(isLostExact || !hasSince(kernel, "6.0"));
  return isLostExact ? 1 : 0;
}

function only(rows: readonly PerfRow[]): PerfRow {
  assertEquals(rows.length, 1);
  return rows[0];
}

perfTest(
  "PerfCollector counts what nobody consumes, and every sample that is lost",
  async (watch) => {
    await using owner = await PerfOwner.start(1, 1, 8);
    const [id] = owner.mapIds;
    const empty = only(watch.look(id));
    assertEquals([empty.samples, empty.lostSamples, empty.coverage], [0, 0, 1]);
    assertEquals([empty.sizeBytes, empty.memoryBytes], [8 * PAGE, 9 * PAGE]);
    for (let i = 0; i < 3; i++) {
      const truth = await owner.ask("run", 0, 0, 700, 40, 0);
      const row = only(watch.look(id));
      assertEquals([row.samples, row.lostSamples], [truth.ok, truth.lost]);
      assertEquals([row.coverage, row.isLostExact], [1, exact(watch)]);
      assertEquals([row.writtenBytes, row.pendingBytes], [
        truth.ok * 56,
        truth.ok * 56,
      ]);
      // The owner itself was told nothing yet.
      assertEquals(truth.told, 0);
    }
    assertGreater((await owner.ask("more", 0, 0)).lost, 0);
  },
);

perfTest(
  "PerfCollector counts with a slow consumer, several CPUs and maps, and mixed sizes, each for itself",
  async (watch) => {
    const cpus = Math.min(navigator.hardwareConcurrency, 4);
    await using owner = await PerfOwner.start(2, cpus, 4);
    const serials = new Set<number>();
    for (let round = 0; round < 20; round++) {
      for (let map = 0; map < 2; map++) {
        const truths = [];
        for (let cpu = 0; cpu < cpus; cpu++) {
          await owner.ask("run", map, cpu, 60 + 90 * cpu + round, 0, 0);
          truths.push(await owner.ask("drain", map, cpu, 5000 + 3000 * map));
        }
        const rows = watch.look(owner.mapIds[map]);
        assertEquals(
          rows.map(({ cpu, samples, lostSamples, coverage }) => [
            cpu,
            samples,
            lostSamples,
            coverage,
          ]),
          truths.map(({ ok, lost }, cpu) => [cpu, ok, lost, 1]),
        );
        for (const { serial, pid } of rows) {
          serials.add(serial);
          assertGreater(pid, 1);
        }
      }
    }
    assertEquals(serials.size, 2 * cpus);
    const last = await owner.ask("more", 1, cpus - 1);
    assertGreater(last.lost, 0);
  },
);

perfTest(
  "PerfCollector counts all from the beginning at its first look, and many records in one look",
  async (watch) => {
    await using owner = await PerfOwner.start(1, 1, 2048);
    const truth = await owner.ask("run", 0, 0, 130_000, 40, 1000);
    const row = only(watch.look(owner.mapIds[0]));
    assertEquals([row.samples, row.lostSamples], [truth.ok, 0]);
    assertEquals([row.coverage, row.pendingBytes], [1, 0]);
    assertGreater(watch.collector.passes, watch.collector.looks);
  },
);

perfTest(
  "PerfCollector estimates what a fast consumer lets be overwritten, within 5 % where sizes are steady",
  async (watch) => {
    await using owner = await PerfOwner.start(1, 1, 8);
    const [id] = owner.mapIds;
    watch.look(id);
    let row: PerfRow | undefined;
    let before = 0;
    for (const [count, size] of [[1_000, 100], [20_000, 100], [3_000, 0]]) {
      for (let i = 0; i < 5; i++) {
        const truth = await owner.ask("run", 0, 0, count, size, 20);
        row = only(watch.look(id));
        assertEquals(row.lostSamples, truth.lost);
        assertLess(row.coverage, 1);
        assertGreater(row.coverage, 0);
        assertGreater(row.samples, before);
        before = row.samples;
        assertAlmostEquals(row.samples / truth.ok, 1, 0.05);
      }
    }
  },
  ["called"],
);

perfTest(
  "PerfCollector goes on at the head of a buffer that came round unseen, and says of its samples that they are no count",
  async (watch) => {
    await using owner = await PerfOwner.start(1, 1, 8);
    const [id] = owner.mapIds;
    const counted = await owner.ask("run", 0, 0, 100, 40, 20);
    const before = only(watch.look(id));
    assertEquals([before.samples, before.coverage], [counted.ok, 1]);
    const truth = await owner.ask("run", 0, 0, 5_000, 40, 20);
    const row = only(watch.look(id));
    assertEquals(row.writtenBytes, truth.ok * 56);
    assertEquals(row.skippedBytes, 5_000 * 56);
    assertLess(row.coverage, 0.05);
    // Of one size: as many as there were in as many bytes before.
    assertEquals(row.samples, truth.ok);
    const later = await owner.ask("run", 0, 0, 100, 40, 20);
    assertEquals(only(watch.look(id)).samples, later.ok);
  },
  ["bounded"],
);

perfTest(
  "PerfCollector begins anew where an event or its buffer is another",
  async (watch) => {
    await using owner = await PerfOwner.start(1, 1, 8);
    const [id] = owner.mapIds;
    await owner.ask("run", 0, 0, 1_000, 40, 0);
    const first = only(watch.look(id));
    assertGreater(first.lostSamples, 0);
    await owner.ask("reopen", 0, 0);
    const truth = await owner.ask("run", 0, 0, 17, 40, 0);
    const second = only(watch.look(id));
    assertNotEquals(second.serial, first.serial);
    assertEquals([second.samples, second.lostSamples], [truth.ok, 0]);
    await owner.ask("remap", 0, 0);
    await owner.ask("run", 0, 0, 5, 40, 0);
    const third = only(watch.look(id));
    assertNotEquals(third.serial, second.serial);
    assertEquals([third.samples, third.writtenBytes], [5, 5 * 56]);
  },
);

perfTest(
  "PerfCollector says less, and never more, of an owner who writes over its own positions",
  async (watch) => {
    await using owner = await PerfOwner.start(1, 1, 8);
    const [id] = owner.mapIds;
    await owner.ask("run", 0, 0, 100, 40, 0);
    watch.look(id);
    for (const head of [0, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      await owner.ask("head", 0, 0, head);
      const row = only(watch.look(id));
      assertEquals([row.writtenBytes, row.samples], [100 * 56, 100]);
    }
    await owner.ask("tail", 0, 0, 2 ** 50);
    assertEquals(only(watch.look(id)).pendingBytes, NaN);
    await owner.ask("tail", 0, 0, 0);
    await owner.ask("run", 0, 0, 50, 40, 0);
    const row = only(watch.look(id));
    assertEquals([row.samples, row.coverage], [150, 1]);
    const after = await owner.ask("run", 0, 0, 10, 40, 0);
    const last = only(watch.look(id));
    assertEquals([last.samples, last.lostSamples], [160, after.lost]);
  },
);

perfTest(
  "PerfCollector keeps no map and no event of an owner that ended",
  async (watch) => {
    let id: number;
    {
      await using owner = await PerfOwner.start(1, 1, 8);
      [id] = owner.mapIds;
      await owner.ask("run", 0, 0, 100, 40, 0);
      assertEquals(watch.look(id).length, 1);
    }
    const deadline = performance.now() + 5_000;
    while (watch.look(id).length > 0) {
      assert(performance.now() < deadline, "the map is still there");
      await pause(1);
    }
  },
);

kernelTest(
  "PerfCollector tells losses by what a buffer itself says of them, where the kernel keeps no count, and does not call that exact",
  async () => {
    using watch = new PerfWatch({ lacks: "lost_samples" });
    await using owner = await PerfOwner.start(1, 1, 8);
    const [id] = owner.mapIds;
    for (let i = 0; i < 3; i++) {
      const truth = await owner.ask("run", 0, 0, 700, 40, 0);
      assertGreater(truth.lost, truth.told);
      const row = only(watch.look(id));
      assertEquals([row.lostSamples, row.isLostExact], [truth.lost, 0]);
      // The next sample that finds room brings a record of those before.
      await owner.ask("drain", 0, 0, 0);
      await owner.ask("run", 0, 0, 1, 40, 0);
      assertEquals(only(watch.look(id)).lostSamples, truth.lost);
    }
    for (let i = 0; i < 10; i++) {
      await owner.ask("run", 0, 0, 700, 40, 0);
      await owner.ask("drain", 0, 0, 0);
    }
    const truth = await owner.ask("run", 0, 0, 5_000, 40, 20);
    const row = only(watch.look(id));
    // What was overwritten unseen had records of losses in it.
    assertLess(row.lostSamples, truth.lost);
    assertLess(row.coverage, 1);
  },
  ...reasons,
);

kernelTest(
  "openPerfBuffers() does without bpf_loop() for as many as 256 CPUs, and says so where there may be more",
  async () => {
    using watch = new PerfWatch({ loop: "bounded", possibleCpus: "0-255" });
    await using owner = await PerfOwner.start(1, 1, 8);
    const truth = await owner.ask("run", 0, 0, 700, 40, 0);
    const row = only(watch.look(owner.mapIds[0]));
    assertEquals([row.samples, row.lostSamples], [truth.ok, truth.lost]);
    assertThrows(
      () => new PerfWatch({ loop: "bounded", possibleCpus: "0-256" }),
      Error,
      "257 CPUs: more than 256",
    );
  },
  ...reasons,
);
