/** Ring buffers that are written or kept otherwise: by user space, and those whose producers overwrite what nobody consumed. */
import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
} from "@std/assert";
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

kernelTest(
  "RingCollector goes on where the consumer stands in a user ring that came round unseen",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings);
    await using producer = await RingProducer.start(1 << 16, "user");
    const { mapId } = producer;
    const seen = await producer.tell("user 300");
    collector.look();
    assertEquals(rowFor(collector, producer).events, seen.events);
    for (let i = 0; i < 3; i++) {
      drainUserRing(kernel, mapId);
      await producer.tell("user 1800");
    }
    drainUserRing(kernel, mapId);
    const truth = await producer.tell("user 900");
    collector.look();
    const found = rowFor(collector, producer);
    assertEquals([found.isBroken, found.writtenBytes], [0, truth.bytes]);
    assertEquals(found.pendingBytes, 900 * 32);
    // The last 900 were counted, and the first 300.
    assertEquals(found.skippedBytes, 3 * 1800 * 32);
    assertAlmostEquals(found.coverage, 1200 / 6600, 1e-9);
    assertAlmostEquals(found.events, truth.events, truth.events * 0.02);
    assertAlmostEquals(found.discards, truth.discards, truth.discards * 0.02);
    drainUserRing(kernel, mapId);
    await producer.tell("user 90");
    collector.look();
    const later = rowFor(collector, producer);
    assertEquals([later.events, later.discards], [
      found.events + 60,
      found.discards + 30,
    ]);
    assertEquals(later.skippedBytes, found.skippedBytes);
  },
  ...reasons,
  hasSince(kernel, "6.1") ? undefined : "user rings came with 6.1",
);

kernelTest(
  "RingCollector counts what a ring in overwrite mode was written, calls nothing lost, and has pending what is still there",
  async () => {
    using opened = openRingsHere(kernel);
    const collector = new RingCollector(kernel, opened.rings);
    await using producer = await RingProducer.start(1 << 16, "overwrite");
    const first = await producer.tell("produce 0 1000 100 0 1");
    collector.look();
    const whole = rowFor(collector, producer);
    assertEquals([whole.events, whole.coverage], [first.events, 1]);
    assertEquals(whole.pendingBytes, 56_000);
    let truth = first;
    // Seen often enough, though nobody consumes and all of it is overwritten many times.
    for (let i = 0; i < 30; i++) {
      truth = await producer.tell("produce 0 700 100 0 1");
      collector.look();
    }
    const found = rowFor(collector, producer);
    assertEquals([truth.events, truth.refused], [1000 + 30 * 700, 0]);
    assertEquals([found.events, found.coverage, found.isBroken], [
      truth.events,
      1,
      0,
    ]);
    assertEquals(found.writtenBytes, truth.bytes);
    assertGreater(found.pendingBytes, (1 << 16) - 200);
    assertLess(found.pendingBytes, (1 << 16) + 1);
    assertEquals(found.lossEpisodes, NaN);
    // Faster than anybody looks.
    truth = await producer.tell("produce 0 5000 100 0 1");
    collector.look();
    const estimated = rowFor(collector, producer);
    assertLess(estimated.coverage, 1);
    assertGreater(estimated.skippedBytes, 0);
    assertAlmostEquals(estimated.events, truth.events, truth.events * 0.02);
    await producer.tell("once");
    collector.look();
    assertEquals(rowFor(collector, producer).pendingBytes, 0);
  },
  ...reasons,
  hasSince(kernel, "6.19") ? undefined : "overwrite mode came with 6.19",
);
