/** Ring and perf buffers over the end of a maps worker: its next life looks by the same programs, which have gone on remembering. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import {
  buffersOf,
  type PerfBuffer,
  type RingBuffer,
} from "../../src/state/buffer_readings.ts";
import { Buffers } from "../../src/state/buffers.ts";
import {
  type OpenedIterators,
  openIterators,
} from "../../workers/iterators.ts";
import { watchBuffers } from "../../workers/maps/buffers.ts";
import { PerfCollector } from "../../workers/maps/perf_buffers.ts";
import { RingCollector } from "../../workers/maps/rings.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { PerfOwner } from "../kernel/perf_buffers.ts";
import { RingProducer } from "../kernel/rings.ts";
import { kernelTest } from "../kernel/skip.ts";
import { aMap, aSnapshot } from "../state_builders.ts";

const kernel = openLibc();
const reasons = [
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("ring_producer"),
  whyNoTool("perf"),
];

/** What the main thread knows of one map's buffers, from one life of a worker to the next. */
class Lives implements Disposable {
  readonly #opened: OpenedIterators = openIterators(kernel, false);
  readonly #buffers = new Buffers(10);
  readonly #mapId: number;
  readonly #type: string;
  #epoch = 0;
  #watch = this.#begin();

  constructor(mapId: number, type: "ringbuf" | "perf_event_array") {
    this.#mapId = mapId;
    this.#type = type;
  }

  #begin() {
    const { rings, perf } = this.#opened.iterators;
    assert(typeof rings === "object", String(rings));
    assert(typeof perf === "object", String(perf));
    this.#epoch++;
    return watchBuffers(kernel, {
      rings: new RingCollector(kernel, rings),
      perf: new PerfCollector(kernel, perf),
    });
  }

  /** The worker is gone, and another one there, which has not looked yet. */
  restart(): void {
    this.#watch = this.#begin();
  }

  look(): { rings: readonly RingBuffer[]; perf: readonly PerfBuffer[] } {
    for (const look of this.#watch.looks) look.look();
    const pass = this.#watch.take();
    if (pass !== undefined) this.#buffers.take(pass, this.#epoch);
    const { state } = this.#buffers;
    assert(state !== undefined);
    const map = aMap({ id: this.#mapId, type: this.#type });
    const snapshot = aSnapshot({ map: { descriptions: [map] } });
    return buffersOf({ ...snapshot, buffers: state });
  }

  ring(): RingBuffer {
    const { rings } = this.look();
    assertEquals(rings.length, 1);
    return rings[0];
  }

  [Symbol.dispose](): void {
    this.#opened[Symbol.dispose]();
  }
}

kernelTest(
  "Buffers tell of a ring what its producer counted, though the worker that looks was started anew",
  async () => {
    await using producer = await RingProducer.start(1 << 16);
    using lives = new Lives(producer.mapId, "ringbuf");
    await producer.tell("drain 100");
    const first = await producer.tell("produce 1 100 20 100 1");
    assertEquals(lives.ring().readings.events, {
      value: first.events,
      quality: "exact",
    });
    // While nobody looked, and before the ring came round.
    await producer.tell("produce 1 50 20 100 1");
    lives.restart();
    const second = await producer.tell("produce 1 50 20 100 1");
    const { readings, coverage } = lives.ring();
    assertEquals(coverage, 1);
    assertEquals([readings.events, readings.discards], [
      { value: second.events, quality: "exact" },
      { value: second.discards, quality: "exact" },
    ]);
  },
  ...reasons,
);

kernelTest(
  "Buffers have no counter of a ring fall, nor call exact what was overwritten while no worker was there",
  async () => {
    await using producer = await RingProducer.start(1 << 16);
    using lives = new Lives(producer.mapId, "ringbuf");
    await producer.tell("drain 50");
    lives.ring();
    let before = 0;
    for (let life = 1; life <= 4; life++) {
      const truth = await producer.tell("produce 0 5000 20 100 1");
      const { readings, coverage } = lives.ring();
      assertEquals(readings.writtenBytes.value, truth.bytes);
      assertEquals(readings.events.quality, "estimated");
      assertLess(coverage, 1);
      assertGreater(readings.events.value, before);
      before = readings.events.value;
      // Of one size: as many as there were in as many bytes.
      assertLess(Math.abs(before / truth.events - 1), 0.02);
      lives.restart();
      const { readings: same } = lives.ring();
      assert(same.events.value >= before);
      assertEquals(same.events.quality, "estimated");
    }
  },
  ...reasons,
);

kernelTest(
  "Buffers add up the losses of a ring over the lives of its worker, and count none twice",
  async () => {
    await using producer = await RingProducer.start(1 << 12);
    using lives = new Lives(producer.mapId, "ringbuf");
    for (let burst = 1; burst <= 4; burst++) {
      const { refused } = await producer.tell("produce 0 200 200 0 1");
      assertGreater(refused, 0);
      assertEquals(lives.ring().readings.lossEpisodes.value, burst);
      lives.restart();
      assertEquals(lives.ring().readings.lossEpisodes.value, burst);
      await producer.tell("once");
      await producer.tell("produce 0 10 10 0 1");
      assertEquals(lives.ring().readings.lossEpisodes.value, burst);
    }
  },
  ...reasons,
);

kernelTest(
  "Buffers tell of perf buffers what their owner counted, though the worker that looks was started anew",
  async () => {
    await using owner = await PerfOwner.start(1, 1, 8);
    using lives = new Lives(owner.mapIds[0], "perf_event_array");
    for (let life = 1; life <= 3; life++) {
      await owner.ask("run", 0, 0, 300, 40, 0);
      lives.look();
      await owner.ask("drain", 0, 0, 0);
      lives.restart();
      const truth = await owner.ask("run", 0, 0, 700, 40, 0);
      const [{ readings, coverage }] = lives.look().perf;
      assertEquals(coverage, 1);
      assertEquals([readings.events, readings.lostEvents], [
        { value: truth.ok, quality: "exact" },
        { value: truth.lost, quality: "exact" },
      ]);
      await owner.ask("drain", 0, 0, 0);
    }
    // Another buffer, made between two lives, is no other count of the same.
    await owner.ask("reopen", 0, 0);
    lives.restart();
    const truth = await owner.ask("run", 0, 0, 17, 40, 0);
    const [{ readings }] = lives.look().perf;
    assertEquals(readings.events, { value: truth.ok, quality: "exact" });
    assertEquals(readings.lostEvents.value, 0);
  },
  ...reasons,
);

kernelTest(
  "Buffers say of a ring and a perf buffer that came round before anybody looked that not all was counted",
  async () => {
    await using producer = await RingProducer.start(1 << 12);
    await producer.tell("drain 50");
    await producer.tell("produce 0 1000 20 200 1");
    using lives = new Lives(producer.mapId, "ringbuf");
    const late = lives.ring();
    assertEquals(late.readings.events.quality, "lower bound");
    assertLess(late.coverage, 1);
    await producer.tell("produce 0 20 20 200 1");
    const { readings } = lives.ring();
    assertEquals(readings.events, {
      ...late.readings.events,
      value: late.readings.events.value + 20,
    });
    await using owner = await PerfOwner.start(1, 1, 1);
    await owner.ask("run", 0, 0, 1_000, 40, 20);
    using perf = new Lives(owner.mapIds[0], "perf_event_array");
    assertEquals(perf.look().perf[0].readings.events.quality, "lower bound");
    await owner.ask("run", 0, 0, 10, 40, 20);
    const [later] = perf.look().perf;
    assertEquals(later.readings.events.value, 10);
    assertLess(later.coverage, 1);
  },
  ...reasons,
);
