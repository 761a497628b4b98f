/** Losses of other processes' ring buffers, one by one, against what their producers counted themselves. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import { openIterators } from "../../workers/iterators.ts";
import { RingCollector } from "../../workers/maps/rings.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { whyNoRingLosses } from "../kernel/ring_losses.ts";
import { looking, RingProducer, rowOf } from "../kernel/rings.ts";
import { kernelTest } from "../kernel/skip.ts";

const kernel = openLibc();
const needs = [
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("ring_producer"),
];
const refusal = whyNoRingLosses(kernel);

/** A reader of rings with their losses. */
function open() {
  const opened = openIterators(kernel, false, { ringLosses: "on" });
  const { rings } = opened.iterators;
  assert(typeof rings === "object", String(rings));
  assertEquals(opened.ringLosses.reason, undefined);
  const look = (): RingCollector => {
    const collector = new RingCollector(kernel, rings, { cpuShare: 1 });
    collector.look();
    return collector;
  };
  return { look, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

/** What is told of one ring's losses. */
function lostBy(collector: RingCollector, { mapId }: RingProducer) {
  const row = rowOf(collector, mapId);
  return [row?.lostEvents, row?.isLostExact];
}

for (
  const [what, drain, command] of [
    ["reserve(), nobody consuming", 0, "produce 0 20000 20000 0 1"],
    ["reserve() of several sizes, every CPU", 300, "produce 1 20000 500 100 2"],
    ["output() in bursts", 500, "produce 2 20000 1000 700 1"],
    ["output() without wake-ups, every CPU", 400, "produce 258 20000 700 0 2"],
    ["records larger than the ring", 300, "produce 4 3000 100 0 2"],
  ] as const
) {
  kernelTest(
    `ring losses are counted to the event: ${what}`,
    async () => {
      using opened = open();
      await using producer = await RingProducer.start(1 << 14);
      await producer.tell(`drain ${drain}`);
      const collector = opened.look();
      const truth = await looking(collector, producer.tell(command));
      assert(truth.refused > 0, "nothing was lost");
      assertEquals(lostBy(collector, producer), [truth.refused, 1]);
      // The counts are the kernel's: a later reader, as a worker's next life, has them.
      assertEquals(lostBy(opened.look(), producer), [truth.refused, 1]);
    },
    ...needs,
    refusal,
  );
}

kernelTest(
  "ring losses are counted to the event: dynptr, every CPU",
  async () => {
    using opened = open();
    await using producer = await RingProducer.start(1 << 12);
    const truth = await producer.tell("produce 3 5000 500 0 2");
    assert(truth.refused > 0, "nothing was lost");
    assertEquals(lostBy(opened.look(), producer), [truth.refused, 1]);
  },
  ...needs,
  refusal,
);

kernelTest(
  "ring losses of a ring that was there before count from the start, each ring by itself",
  async () => {
    await using old = await RingProducer.start(1 << 12);
    const before = await old.tell("produce 0 1000 1000 0 1");
    using opened = open();
    await using quiet = await RingProducer.start(1 << 20);
    await using busy = await RingProducer.start(1 << 12);
    const after = await old.tell("produce 2 500 500 0 1");
    await quiet.tell("produce 0 500 500 0 1");
    const { refused } = await busy.tell("produce 1 1000 100 0 2");
    const collector = opened.look();
    assertEquals(lostBy(collector, old), [after.refused - before.refused, 1]);
    assertEquals(lostBy(collector, quiet), [0, 1]);
    assertEquals(lostBy(collector, busy), [refused, 1]);
  },
  ...needs,
  refusal,
);

kernelTest(
  "ring losses that this kernel cannot count are absent, with one sentence why",
  async () => {
    using opened = openIterators(kernel, false, { ringLosses: "on" });
    const { rings, ringLosses } = opened.iterators;
    assert(typeof rings === "object", String(rings));
    assertMatch(
      `${opened.ringLosses.reason}`,
      /^(BPF_PROG_LOAD failed: EPERM|attaching to bpf_ringbuf_reserve\(\) failed: EBUSY|this kernel has no bpf_map.cookie)/,
    );
    assertEquals(ringLosses, opened.ringLosses.reason);
    await using producer = await RingProducer.start(1 << 12);
    await producer.tell("produce 0 1000 1000 0 1");
    const collector = new RingCollector(kernel, rings);
    collector.look();
    assertEquals(lostBy(collector, producer), [NaN, NaN]);
    assert((rowOf(collector, producer.mapId)?.writtenBytes ?? 0) > 0);
  },
  ...needs,
  refusal === undefined ? "this kernel can" : undefined,
);
