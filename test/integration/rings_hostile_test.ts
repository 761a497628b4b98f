/** Ring buffers whose owners lie about them: bounded work, numbers that stand still and say so, and counting on where the lie ends. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import { RingCollector } from "../../workers/maps/rings.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { openRingsHere, RingProducer, rowFor } from "../kernel/rings.ts";
import { hasSince } from "../kernel/since.ts";
import { kernelTest } from "../kernel/skip.ts";
import { drainUserRing } from "../kernel/user_ring_drain.ts";

const kernel = openLibc();
const reasons = [
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("ring_producer"),
];
const noUserRings = hasSince(kernel, "6.1")
  ? undefined
  : "user rings came with 6.1";

kernelTest(
  "RingCollector is not led astray by a consumer's page that is scribbled on",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings, { cpuShare: 1 });
    await using producer = await RingProducer.start(1 << 16);
    await producer.tell("produce 0 500 100 0 1");
    collector.look();
    let broken = 0;
    let longestMs = 0;
    const scribbled = producer.tell("scribble 20000000");
    for (let i = 0; i < 300; i++) {
      const startedAtMs = kernel.monotonicMs();
      collector.look();
      longestMs = Math.max(longestMs, kernel.monotonicMs() - startedAtMs);
      broken += rowFor(collector, producer).isBroken;
      assertEquals(rowFor(collector, producer).events, 500);
    }
    await scribbled;
    assertGreater(broken, 0);
    assertLess(longestMs, 500);
    const truth = await producer.tell("produce 0 500 100 0 1");
    collector.look();
    const found = rowFor(collector, producer);
    assertEquals([found.events, found.isBroken], [truth.events, 0]);
  },
  ...reasons,
);

kernelTest(
  "RingCollector counts a user ring's records, and stands still while its producer lies",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings);
    await using producer = await RingProducer.start(1 << 16, "user");
    const truth = await producer.tell("user 90");
    collector.look();
    const honest = rowFor(collector, producer);
    assertEquals([honest.isUser, honest.coverage], [1, 1]);
    assertEquals([honest.events, honest.discards], [60, 30]);
    assertEquals([honest.writtenBytes, honest.lossEpisodes], [
      truth.bytes,
      NaN,
    ]);
    await producer.tell("lie");
    collector.look();
    assertEquals(rowFor(collector, producer), { ...honest, isBroken: 1 });
  },
  ...reasons,
  noUserRings,
);

kernelTest(
  "RingCollector stands still while a user ring's producer jumps, and counts on where it comes back",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings);
    await using producer = await RingProducer.start(1 << 16, "user");
    const before = await producer.tell("user 90");
    collector.look();
    drainUserRing(kernel, producer.mapId);
    collector.look();
    const honest = rowFor(collector, producer);
    assertEquals(honest.pendingBytes, 0);
    for (
      const position of [
        0n,
        8n,
        BigInt(before.bytes) + 7n,
        1n << 40n,
        1n << 53n,
        (1n << 63n) + 8n,
        (1n << 64n) - 1n,
      ]
    ) {
      await producer.tell(`jump ${position}`);
      const startedAtMs = kernel.monotonicMs();
      collector.look();
      assertLess(kernel.monotonicMs() - startedAtMs, 500);
      assertEquals(
        rowFor(collector, producer),
        { ...honest, isBroken: 1 },
        `at ${position}`,
      );
    }
    await producer.tell(`jump ${before.bytes}`);
    const after = await producer.tell("user 30");
    collector.look();
    const later = rowFor(collector, producer);
    assertEquals([later.isBroken, later.coverage], [0, 1]);
    assertEquals([later.events, later.discards], [
      after.events,
      after.discards,
    ]);
  },
  ...reasons,
  noUserRings,
);

kernelTest(
  "RingCollector counts nothing behind a record that is not committed, however long, and all of it once it is",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings);
    await using producer = await RingProducer.start(1 << 16, "user");
    const before = await producer.tell("user 30");
    await producer.tell("busy");
    const behind = await producer.tell("user 60");
    drainUserRing(kernel, producer.mapId);
    for (let i = 0; i < 50; i++) {
      collector.look();
      const stuck = rowFor(collector, producer);
      assertEquals([stuck.events, stuck.discards], [
        before.events,
        before.discards,
      ]);
      assertEquals([stuck.isBroken, stuck.coverage], [0, 1]);
      assertEquals([stuck.writtenBytes, stuck.pendingBytes], [
        behind.bytes,
        behind.bytes - before.bytes,
      ]);
    }
    const after = await producer.tell("commit");
    collector.look();
    const found = rowFor(collector, producer);
    assertEquals([found.events, found.discards, found.coverage], [
      after.events,
      after.discards,
      1,
    ]);
  },
  ...reasons,
  noUserRings,
);
