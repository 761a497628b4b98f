/** Ring buffers of other processes, against what their producers counted themselves. */
import { pause } from "../agent.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
} from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import { RingCollector } from "../../workers/maps/rings.ts";
import { openIterators } from "../../workers/iterators.ts";
import type { BuffersPass } from "../../workers/maps/buffers_model.ts";
import { sampleOnce } from "../../workers/sample_once.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import {
  looking,
  openRingsHere,
  RingProducer,
  rowFor,
  rowOf,
} from "../kernel/rings.ts";
import { kernelTest } from "../kernel/skip.ts";

const reasons = [
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("ring_producer"),
];
/** Of the test against false episodes. */
const SECONDS = Number(Deno.env.get("RING_SECONDS") ?? "1");
/** As often as the rings want. */
const EAGER = { cpuShare: 1 };

const kernel = openLibc();

for (
  const [what, command] of [
    ["of one size", "produce 0 4000 50 500 1"],
    ["of several sizes, some discarded", "produce 1 2000 50 500 1"],
    ["without wake-ups, from every CPU", "produce 257 1000 50 500 2"],
  ] as const
) {
  kernelTest(`RingCollector counts records ${what} exactly`, async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings, EAGER);
    await using producer = await RingProducer.start(1 << 20);
    await producer.tell("drain 300");
    const truth = await looking(collector, producer.tell(command));
    const found = rowFor(collector, producer);
    assertEquals(found.coverage, 1);
    assertEquals(
      [found.events, found.discards, found.writtenBytes],
      [truth.events, truth.discards, truth.bytes],
    );
    assertEquals([found.isBroken, found.isUser], [0, 0]);
  }, ...reasons);
}

kernelTest(
  "RingCollector counts what was written before its first look",
  async () => {
    using opened = openRingsHere(kernel);
    await using producer = await RingProducer.start(1 << 16);
    const truth = await producer.tell("produce 1 100 100 0 1");
    const collector = new RingCollector(kernel, opened.rings);
    collector.look();
    const found = rowFor(collector, producer);
    assertEquals([found.events, found.discards], [
      truth.events,
      truth.discards,
    ]);
    assertEquals(found.pendingBytes, truth.bytes);
  },
  ...reasons,
);

kernelTest(
  "RingCollector is equal to the event whenever its coverage is 1, and near it otherwise, where a ring wraps every few milliseconds",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings, {
      cpuShare: 0.3,
    });
    await using producer = await RingProducer.start(1 << 16);
    await producer.tell("drain 200");
    collector.look();
    const truth = await looking(
      collector,
      producer.tell("produce 1 20000 10 100 2"),
    );
    const found = rowFor(collector, producer);
    assertEquals(found.writtenBytes, truth.bytes);
    assertGreater(truth.bytes, 50 * found.sizeBytes);
    assertAlmostEquals(
      found.events,
      truth.events,
      found.coverage === 1 ? 0 : truth.events * 0.15,
    );
    assert(!(found.coverage === 1) || found.discards === truth.discards);
    assert(found.lossEpisodes <= truth.refused);
  },
  ...reasons,
);

kernelTest(
  "RingCollector's estimates are within 5 % where it sees about half",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings);
    await using producer = await RingProducer.start(1 << 18);
    await producer.tell("drain 50");
    collector.look();
    let truth = await producer.tell("once");
    for (let i = 0; i < 25; i++) {
      // About 1.75 times the ring, of which seven eighths of one are there to be seen.
      truth = await producer.tell("produce 1 1200 20 200 1");
      await producer.tell("once");
      collector.look();
    }
    const found = rowFor(collector, producer);
    assertGreater(found.coverage, 0.4);
    assertLess(found.coverage, 0.65);
    assertEquals(found.writtenBytes, truth.bytes);
    assertAlmostEquals(found.events, truth.events, truth.events * 0.05);
    assertAlmostEquals(found.discards, truth.discards, truth.discards * 0.1);
  },
  ...reasons,
);

kernelTest(
  "RingCollector finds each burst that a stalled consumer lost records of, and no other",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings);
    await using producer = await RingProducer.start(1 << 16);
    for (let burst = 1; burst <= 15; burst++) {
      const before = (await producer.tell("once")).refused;
      // 1170 records of 56 bytes fit.
      const full = await producer.tell("produce 0 1300 1300 0 1");
      assertGreater(full.refused, before);
      collector.look();
      collector.look();
      assertEquals(rowFor(collector, producer).lossEpisodes, burst);
      await producer.tell("once");
      await producer.tell("produce 0 1000 1000 0 1");
      collector.look();
      assertEquals(rowFor(collector, producer).lossEpisodes, burst);
    }
    assertGreater(rowFor(collector, producer).fillRatioMax, 0.99);
    assertEquals(rowFor(collector, producer).coverage, 1);
  },
  ...reasons,
);

kernelTest(
  `RingCollector sees no loss in ${SECONDS} s at a million records a second where the producer saw none`,
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings, {
      cpuShare: 0.2,
    });
    await using producer = await RingProducer.start(1 << 22);
    await producer.tell("drain 100");
    let truth = await producer.tell("once");
    collector.look();
    let episodes = 0;
    let falseOnes = 0;
    let windows = 0;
    const startMs = kernel.monotonicMs();
    const endMs = startMs + SECONDS * 1_000;
    while (kernel.monotonicMs() < endMs) {
      const { refused } = truth;
      truth = await looking(
        collector,
        producer.tell("produce 256 200000 1000 590 1"),
      );
      windows++;
      const { lossEpisodes } = rowFor(collector, producer);
      // Where the machine was too busy to consume, an episode is right; else it is not, however many there were before.
      falseOnes += Math.max(
        0,
        lossEpisodes - episodes - (truth.refused - refused),
      );
      episodes = lossEpisodes;
    }
    const found = rowFor(collector, producer);
    const seconds = (kernel.monotonicMs() - startMs) / 1_000;
    const said = `${windows} windows in ${seconds.toFixed(0)} s, ` +
      `${(truth.events / seconds).toFixed(0)} events/s, ` +
      `${collector.looks} looks, ${truth.refused} refused, ` +
      `${episodes} episodes, ${falseOnes} false, ` +
      `coverage ${found.coverage}`;
    // deno-lint-ignore no-console -- whoever asks for more seconds wants to know
    if (SECONDS > 1) console.log(said);
    assertEquals(falseOnes, 0, said);
    // How many a second is the machine's affair: the long run says it.
    assertGreater(truth.events, 199_999, said);
    assertEquals(found.writtenBytes, truth.bytes);
    if (found.coverage === 1) assertEquals(found.events, truth.events);
  },
  ...reasons,
);

kernelTest(
  "RingCollector keeps no ring alive whose owner was killed",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings);
    const producer = await RingProducer.start(1 << 16);
    await producer.tell("produce 0 100 100 0 1");
    collector.look();
    assertEquals(rowFor(collector, producer).pendingBytes, 5_600);
    await producer.kill();
    // The kernel frees what a process held after its end was told.
    for (let i = 0; i < 100 && rowOf(collector, producer.mapId); i++) {
      await pause(10);
      collector.look();
    }
    assertEquals(rowOf(collector, producer.mapId), undefined);
  },
  ...reasons,
);

kernelTest(
  "the maps worker tells rings beside its first sample, without a bpf() call",
  async () => {
    await using producer = await RingProducer.start(1 << 16);
    const truth = await producer.tell("produce 1 50 50 0 1");
    using iterators = openIterators(kernel, false);
    let calls = 0;
    const passes: BuffersPass[] = [];
    sampleOnce(
      {
        ...kernel,
        bpf(command, attr, size) {
          calls++;
          return kernel.bpf(command, attr, size);
        },
      },
      (message) => {
        if (message.kind === "buffers") passes.push(message.pass);
      },
      {
        leaveOut: iterators.ownIds,
        opened: { iterators: iterators.iterators },
        intervalMs: 100,
      },
    );
    assertEquals([passes.length, calls], [1, 0]);
    const [{ rings, unavailable, passes: looks, spentMs }] = passes;
    // Perf buffers are looked at, too, where they can be.
    assertGreater(looks, 0);
    assertEquals(unavailable.rings, undefined);
    assertGreater(spentMs, 0);
    const found = rowOf({ rows: rings }, producer.mapId);
    assertEquals([found?.events, found?.discards], [
      truth.events,
      truth.discards,
    ]);
  },
  ...reasons,
);

kernelTest(
  "openRings() does without the kernel's own loop, some records at a time",
  async () => {
    using opened = openRingsHere(kernel, ["probe"]);
    assertEquals(opened.rings.form, "probe");
    const collector = new RingCollector(kernel, opened.rings);
    await using producer = await RingProducer.start(1 << 20);
    const truth = await producer.tell("produce 1 1000 100 0 1");
    collector.look();
    const found = rowFor(collector, producer);
    assertEquals([found.events, found.discards], [
      truth.events,
      truth.discards,
    ]);
    assertEquals(found.coverage, 1);
  },
  ...reasons,
);
