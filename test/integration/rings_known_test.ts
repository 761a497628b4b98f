/** The short way to ring buffers, on this kernel: exact beside many maps, and led astray by no ring that is freed under it. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  createMap,
  iterationsOf,
  IteratorSession,
  MAP_TYPES,
  openLibc,
} from "../../ffi/mod.ts";
import { RING_COLUMNS } from "../../workers/maps/buffers_model.ts";
import { RingCollector } from "../../workers/maps/rings.ts";
import { pause } from "../agent.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { stormIds } from "../kernel/ring_storm.ts";
import {
  type OpenedRings,
  openRingsHere,
  RingProducer,
  rowFor,
  rowOf,
} from "../kernel/rings.ts";
import { hasSince } from "../kernel/since.ts";
import { kernelTest } from "../kernel/skip.ts";

const kernel = openLibc();
const reasons = [
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("ring_producer"),
  hasSince(kernel, "6.4") ? undefined : "the short way came with 6.4",
];
const STORM_MS = 3_000;
const MOST_STORM_RINGS = 1 << 18;

function manyMaps(count: number): Disposable {
  const fds = Array.from({ length: count }, () =>
    createMap(kernel, {
      type: MAP_TYPES.indexOf("array"),
      keyBytes: 4,
      valueBytes: 8,
      maxEntries: 1,
      name: "beside",
    }));
  assert(fds.every((fd) => fd >= 0));
  return {
    [Symbol.dispose]() {
      for (const fd of fds) kernel.close(fd);
    },
  };
}

/** A collector, and how many passes of either kind it began. */
function watch({ rings }: OpenedRings, cpuShare = 0.01) {
  const begun = { all: 0, known: 0 };
  const pathOf = (fd?: number) => `/proc/self/fd/${fd}`;
  assert(rings.known?.pinFd !== undefined && rings.pinFd !== undefined);
  const [all, known] = [pathOf(rings.pinFd), pathOf(rings.known.pinFd)];
  const collector = new RingCollector(
    {
      ...kernel,
      open(path, flags) {
        if (path === all) begun.all++;
        if (path === known) begun.known++;
        return kernel.open(path, flags);
      },
    },
    rings,
    { cpuShare },
  );
  return { collector, begun };
}

kernelTest(
  "openRings() opens both ways, and the short one in no other form",
  () => {
    using both = openRingsHere(kernel);
    assertEquals([both.rings.form, both.rings.known?.form], ["typed", "typed"]);
    assertEquals(both.rings.mapIds.length, 3);
    using probing = openRingsHere(kernel, ["probe"]);
    assertEquals(probing.rings.known, undefined);
    return Promise.resolve();
  },
  ...reasons,
);

kernelTest(
  "RingCollector counts exactly the short way, beside hundreds of maps",
  async () => {
    using _others = manyMaps(500);
    using opened = openRingsHere(kernel);
    const { collector, begun } = watch(opened);
    // It does not come round, however late a look is on a slow machine.
    await using producer = await RingProducer.start(1 << 23);
    await using quiet = await RingProducer.start(1 << 16);
    await producer.tell("drain 300");
    const alike = await quiet.tell("produce 1 300 100 0 1");
    collector.look();
    let isDone = false;
    const work = producer.tell("produce 1 20000 50 2000 1")
      .finally(() => isDone = true);
    while (!isDone) {
      collector.look();
      await pause(2);
    }
    const truth = await work;
    collector.look();
    const found = rowFor(collector, producer);
    assertEquals(
      [found.events, found.discards, found.writtenBytes, found.coverage],
      [truth.events, truth.discards, truth.bytes, 1],
    );
    assertEquals(rowFor(collector, quiet).events, alike.events);
    assertGreater(begun.known, begun.all);
  },
  ...reasons,
);

kernelTest(
  "RingCollector lets go the short way of a ring whose owner was killed, and carries nothing over",
  async () => {
    using opened = openRingsHere(kernel);
    const { collector, begun } = watch(opened);
    await using other = await RingProducer.start(1 << 16);
    const others = await other.tell("produce 1 100 100 0 1");
    const producer = await RingProducer.start(1 << 16);
    await producer.tell("produce 1 200 100 0 1");
    collector.look();
    const last = rowFor(collector, producer);
    await producer.kill();
    for (let i = 0; i < 2_000 && rowOf(collector, producer.mapId); i++) {
      const row = rowFor(collector, producer);
      assertEquals(
        [row.serial, row.events, row.writtenBytes, row.isBroken],
        [last.serial, last.events, last.writtenBytes, 0],
      );
      await pause(1);
      collector.look();
    }
    assertEquals(rowOf(collector, producer.mapId), undefined);
    assertGreater(begun.known, 0);
    assertEquals(rowFor(collector, other).events, others.events);
    await using later = await RingProducer.start(1 << 16);
    const truth = await later.tell("produce 1 50 50 0 1");
    for (let i = 0; i < 2_000 && !rowOf(collector, later.mapId); i++) {
      await pause(1);
      collector.look();
    }
    const found = rowFor(collector, later);
    assertEquals([found.events, found.discards], [
      truth.events,
      truth.discards,
    ]);
  },
  ...reasons,
);

kernelTest(
  "the short way holds no ring that its owner let go",
  async () => {
    using opened = openRingsHere(kernel);
    const { known } = opened.rings;
    assert(known !== undefined);
    const producer = await RingProducer.start(1 << 16);
    const session = (link: typeof known) =>
      new IteratorSession(kernel, iterationsOf(kernel, link), link.recordBytes);
    const [all, short] = [session(opened.rings), session(known)];
    const sees = (which: IteratorSession) => {
      assertEquals(which.run(), undefined);
      return Array.from(
        { length: which.count },
        (_, i) => which.view(i).getUint32(0, true),
      ).includes(producer.mapId);
    };
    assertEquals([sees(all), sees(short)], [true, true]);
    await producer.kill();
    let isThere = true;
    for (let i = 0; i < 200 && isThere; i++) {
      await pause(10);
      // If this one held it, it would never be gone.
      sees(short);
      isThere = sees(all);
    }
    assertEquals([isThere, sees(short)], [false, false]);
  },
  ...reasons,
);

kernelTest(
  "RingCollector keeps whole what it knows while rings come and go as fast as they can",
  async () => {
    using opened = openRingsHere(kernel);
    const { collector, begun } = watch(opened, 1);
    await using producer = await RingProducer.start(1 << 20);
    await producer.tell("drain 300");
    collector.look();
    const ids = new SharedArrayBuffer(4 * MOST_STORM_RINGS);
    const thread = new Worker(
      new URL("../kernel/ring_storm.ts", import.meta.url),
      { type: "module" },
    );
    const storm = new Promise((resolve, reject) => {
      thread.onmessage = resolve;
      thread.onerror = reject;
    });
    thread.postMessage({ forMs: STORM_MS, ids });
    let isDone = false;
    const work = producer.tell("produce 1 50000 50 2000 1");
    const over = Promise.all([work, storm]).finally(() => isDone = true);
    const at = (name: typeof RING_COLUMNS[number]) =>
      RING_COLUMNS.indexOf(name);
    const [written, events, isBroken, serial] = [
      at("writtenBytes"),
      at("events"),
      at("isBroken"),
      at("serial"),
    ];
    const odd = new Set<number>();
    let before = rowFor(collector, producer);
    let most = 0;
    while (!isDone) {
      await pause(1);
      collector.look();
      const { rows } = collector;
      most = Math.max(most, rows.length / RING_COLUMNS.length);
      for (let row = 0; row < rows.length; row += RING_COLUMNS.length) {
        if (rows[row + written] !== 0 || rows[row + events] !== 0) {
          odd.add(rows[row]);
        }
        if (rows[row + isBroken] !== 0 || !(rows[row + serial] > 0)) {
          odd.add(rows[row]);
        }
      }
      const now = rowFor(collector, producer);
      for (const name of ["events", "discards", "writtenBytes"] as const) {
        assert(now[name] >= before[name], `${name} fell`);
      }
      assertEquals([now.serial, now.isBroken], [before.serial, 0]);
      before = now;
    }
    const [truth] = await over;
    thread.terminate();
    const made = stormIds(ids);
    assertGreater(made.size, 100);
    assertEquals([...odd].filter((id) => made.has(id)), []);
    collector.look();
    const found = rowFor(collector, producer);
    assertEquals([found.writtenBytes, found.isBroken], [truth.bytes, 0]);
    if (found.coverage === 1) {
      assertEquals([found.events, found.discards], [
        truth.events,
        truth.discards,
      ]);
    }
    assertGreater(most, 1);
    assertGreater(begun.known, begun.all);
    // Whatever went is forgotten at last, a pass over all maps at a time.
    const left = () => [...made].filter((id) => rowOf(collector, id));
    for (let i = 0; i < 500 && left().length > 0; i++) {
      await pause(2);
      collector.look();
    }
    assertEquals(left(), []);
  },
  ...reasons,
);
