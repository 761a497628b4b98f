/** Owns the tests of workers/maps/rings.ts. @module */
import { assert, assertEquals } from "@std/assert";
import {
  BPF,
  EPERM,
  type KernelPort,
  type OpenRings,
  PROG_INFO,
  RING_RECORD_BYTES,
} from "../../../../ffi/mod.ts";
import { RingCollector } from "../../../../workers/maps/rings.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { rowOf } from "../../../kernel/rings.ts";
import { type RingRecord, ringRecords } from "./ring_records.ts";

const ITERATION = 999;
const RINGS: OpenRings = {
  linkFd: 3,
  linkId: 1,
  programId: 1,
  mapIds: [1, 2],
  form: "typed",
  recordBytes: RING_RECORD_BYTES,
  fields: ["cookie", "pendingPos"],
  absent: {},
};

const KNOWN_LINK = 4;
const WITH_SHORT_WAY: OpenRings = {
  ...RINGS,
  known: { ...RINGS, linkFd: KNOWN_LINK },
};

/** Rings as the program would tell them, in a time that passes only where the test says so. */
class FakeRings {
  records: RingRecord[] = [];
  passes = 0;
  refuses = 0;
  /** As `records` where it is absent; what a pass over them costs, how many there were, and whether it is refused. */
  known: RingRecord[] | undefined;
  knownMs = 0;
  knownPasses = 0;
  refusesKnown = 0;
  /** CPU time that one pass takes, and how long it waits besides. */
  passMs = 0;
  waitMs = 0;
  /** Runs of the loss probe, and how often somebody asked for them. */
  skipped = 0;
  asked = 0;
  readonly kernel = new FakeKernel();
  #isRead = false;
  #isShort = false;
  #waitedMs = 0;
  readonly port: KernelPort = {
    open: (path) => this.kernel.open(path),
    readDirectory: (fd, into) => this.kernel.readDirectory(fd, into),
    mountDetached: (type) => this.kernel.mountDetached(type),
    openPerfEvent: () => this.kernel.openPerfEvent(),
    unmapShared: () => {},
    mapShared: (fd, sizeBytes) => this.kernel.mapShared(fd, sizeBytes),
    chmod: (path, mode) => this.kernel.chmod(path, mode),
    unlink: (path) => this.kernel.unlink(path),
    threadId: () => this.kernel.threadId(),
    allocate: (size) => this.kernel.allocate(size),
    monotonicMs: () => this.kernel.nowMs += 0.001,
    threadCpuMs: () => (this.kernel.nowMs += 0.001) - this.#waitedMs,
    bpf: (command, attr) => {
      if (command === BPF.OBJ_GET_INFO_BY_FD) {
        this.asked++;
        return this.#writeSkipped(attr);
      }
      this.#isShort = new DataView(attr.buffer).getUint32(0, true) ===
        KNOWN_LINK;
      const refusal = this.#isShort ? this.refusesKnown : this.refuses;
      if (refusal < 0) return refusal;
      this.#isRead = false;
      return ITERATION;
    },
    read: (_, into) => {
      if (this.#isRead) return 0;
      this.#isRead = true;
      if (this.#isShort) this.knownPasses++;
      else this.passes++;
      this.kernel.nowMs += this.waitMs +
        (this.#isShort ? this.knownMs : this.passMs);
      this.#waitedMs += this.waitMs;
      const words = ringRecords(
        ...this.#isShort ? this.known ?? this.records : this.records,
      );
      into.set(new Uint8Array(words.buffer));
      return words.byteLength;
    },
    close: () => 0,
  };

  /** As `struct bpf_prog_info` tells it. */
  #writeSkipped(attr: Uint8Array<ArrayBuffer>): number {
    const view = new DataView(attr.buffer);
    const address = view.getUint32(8, true) +
      view.getUint32(12, true) * 2 ** 32;
    const { size, recursion_misses } = PROG_INFO;
    const info = this.kernel.memory.resolve(address, size);
    assert(info !== undefined);
    new DataView(info.buffer, info.byteOffset)
      .setUint32(recursion_misses.offset, this.skipped, true);
    view.setUint32(4, size, true);
    return 0;
  }
}

function start(
  records: RingRecord[],
  cpuShare?: number,
): { fake: FakeRings; rings: RingCollector } {
  const fake = new FakeRings();
  fake.records = records;
  const rings = new RingCollector(
    fake.port,
    RINGS,
    cpuShare === undefined ? {} : { cpuShare },
  );
  rings.look();
  return { fake, rings };
}

/** After its first look, which went over all maps and cost 0.4 ms. */
function startShort(records: RingRecord[]) {
  const fake = new FakeRings();
  fake.records = records;
  fake.passMs = 0.4;
  fake.knownMs = 0.01;
  const node = { roll: 1 };
  const rings = new RingCollector(fake.port, WITH_SHORT_WAY, {
    cpuShare: 0.01,
    roll: () => node.roll,
  });
  rings.look();
  /** Passes over all maps and over the known rings that a look took, so much later. */
  const look = (afterMs: number): [all: number, known: number] => {
    fake.kernel.nowMs += afterMs;
    const { passes, knownPasses } = fake;
    rings.look();
    return [fake.passes - passes, fake.knownPasses - knownPasses];
  };
  return { fake, node, rings, look };
}

Deno.test("RingCollector.look() leaves a row for each ring, ascending", () => {
  const { rings } = start([
    { id: 3, cookie: 8, producerPos: 80 },
    { id: 9, cookie: 4, producerPos: 160 },
  ]);
  assertEquals(rowOf(rings, 3)?.writtenBytes, 80);
  assertEquals(rowOf(rings, 9)?.serial, 4);
});

Deno.test("RingCollector.revision changes with its rows alone", () => {
  const { fake, rings } = start([{ producerPos: 80 }]);
  const { revision } = rings;
  rings.look();
  assertEquals(rings.revision, revision);
  fake.records = [{ producerPos: 88 }];
  rings.look();
  assert(rings.revision !== revision);
  assertEquals(rings.looks, 3);
});

Deno.test("RingCollector.look() forgets rings that are gone, and takes a later one with the id for another", () => {
  const { fake, rings } = start([{ id: 3, producerPos: 800, events: 9 }]);
  fake.records = [{ id: 3, cookie: 78, producerPos: 8, events: 1 }];
  rings.look();
  assertEquals(rowOf(rings, 3)?.serial, 78);
  assertEquals(rowOf(rings, 3)?.isBroken, 0);
  fake.records = [];
  rings.look();
  assertEquals(rings.rows.length, 0);
});

Deno.test("RingCollector.look() looks again at once where a producer seems to have found no room", () => {
  const { fake, rings } = start([{ producerPos: 800, pendingPos: 800 }]);
  assertEquals(fake.passes, 2);
  assertEquals(rowOf(rings, 5)?.lossEpisodes, 1);
  rings.look();
  assertEquals(fake.passes, 3);
});

Deno.test("RingCollector.look() asks for what the loss probe skipped once a second, and once a minute has it forget rings that are gone", () => {
  const fake = new FakeRings();
  fake.records = [{ lost: 3, unplaced: 0 }];
  const sweep: OpenRings = { ...RINGS, recordBytes: 8 };
  const losses = { programFds: [7, 8], sweep };
  const rings = new RingCollector(fake.port, { ...RINGS, losses });
  const look = (afterMs: number) => {
    fake.kernel.nowMs += afterMs;
    const { passes, asked } = fake;
    rings.look();
    const row = rowOf(rings, 5);
    return [fake.passes - passes, fake.asked - asked, row?.isLostExact];
  };
  assertEquals(look(0), [2, 2, 1]);
  assertEquals(look(10), [1, 0, 1]);
  fake.skipped = 1;
  assertEquals(look(1_000), [1, 1, 0]);
  fake.skipped = 0;
  // What is not counted stays so.
  assertEquals(look(60_000), [2, 0, 0]);
  assertEquals(rowOf(rings, 5)?.lostEvents, 3);
});

Deno.test("RingCollector.nextDelayMs is a share of the time in which the fastest ring comes round", () => {
  const { fake, rings } = start([{ producerPos: 0 }], 1);
  assertEquals(rings.nextDelayMs, 100);
  fake.kernel.nowMs += 10;
  fake.records = [{ producerPos: 1_000 }];
  rings.look();
  assert(Math.abs(rings.nextDelayMs - 0.35 * 4096 / 100) < 0.1);
  fake.kernel.nowMs += 10;
  fake.records = [{ producerPos: 1_001_000 }];
  rings.look();
  assertEquals(rings.nextDelayMs, 1);
});

Deno.test("RingCollector.nextDelayMs is long where there is no ring", () => {
  assertEquals(start([]).rings.nextDelayMs, 1_000);
});

Deno.test("RingCollector.nextDelayMs keeps to its share of a core, whatever the rings want", () => {
  const { fake, rings } = start([{ producerPos: 0 }], 0.01);
  fake.passMs = 5;
  for (let i = 0; i < 100; i++) rings.look();
  assert(rings.nextDelayMs > 490 && rings.nextDelayMs < 510);
});

Deno.test("RingCollector.nextDelayMs is as short where a look has to wait for the CPU", () => {
  const { fake, rings } = start([{ producerPos: 0 }], 0.01);
  fake.passMs = 5;
  fake.waitMs = 50;
  for (let i = 0; i < 100; i++) rings.look();
  assert(rings.nextDelayMs > 490 && rings.nextDelayMs < 510);
  assert(rings.spentMs > 100 * 55);
});

Deno.test("RingCollector.look() keeps its rows while it fails, and says why", () => {
  const { fake, rings } = start([{ producerPos: 80 }]);
  const { revision } = rings;
  fake.refuses = -EPERM;
  rings.look();
  assertEquals(rings.failure, "BPF_ITER_CREATE failed: EPERM");
  assertEquals(rowOf(rings, 5)?.writtenBytes, 80);
  assert(rings.revision !== revision);
  fake.refuses = 0;
  rings.look();
  assertEquals(rings.failure, undefined);
});

Deno.test("RingCollector.look() goes over the known rings alone, whose records come in no order", () => {
  const { fake, rings, look } = startShort([
    { id: 3, cookie: 8, producerPos: 80 },
    { id: 5, cookie: 6, producerPos: 800 },
    { id: 9, cookie: 4, producerPos: 160 },
  ]);
  fake.known = [
    { id: 9, cookie: 4, producerPos: 168, events: 2 },
    { id: 3, cookie: 8, producerPos: 88, events: 1 },
    { id: 5, cookie: 6, producerPos: 808, events: 3 },
  ];
  assertEquals(look(10), [0, 1]);
  assertEquals(
    [3, 5, 9].map((id) => rowOf(rings, id)?.writtenBytes),
    [88, 808, 168],
  );
  assertEquals([3, 5, 9].map((id) => rowOf(rings, id)?.events), [1, 3, 2]);
});

Deno.test("RingCollector.look() keeps the row of a ring that the short way did not find, until a pass over all maps does not either", () => {
  const { fake, rings, look } = startShort([
    { id: 3, producerPos: 80, events: 1 },
    { id: 9, producerPos: 160, events: 2 },
  ]);
  fake.known = [{ id: 9, producerPos: 240, events: 3 }];
  assertEquals(look(10), [0, 1]);
  assertEquals(rowOf(rings, 3)?.writtenBytes, 80);
  assertEquals(rowOf(rings, 9)?.writtenBytes, 240);
  fake.records = fake.known;
  // It asks for one, which half of the budget pays for: 0.4 ms each 80 ms.
  assertEquals(look(10), [0, 1]);
  assertEquals(look(80), [1, 0]);
  assertEquals(rowOf(rings, 3), undefined);
  assertEquals(look(80), [0, 1]);
});

Deno.test("RingCollector.look() takes nothing of a record whose ring is another one than its account's", () => {
  const { fake, rings, look } = startShort([
    { id: 3, cookie: 8, producerPos: 800, events: 9 },
  ]);
  fake.known = [
    { id: 3, cookie: 78, producerPos: 8, events: 1 },
    { id: 4, cookie: 79, producerPos: 8, events: 1 },
  ];
  look(10);
  const row = rowOf(rings, 3);
  assertEquals([row?.serial, row?.events, row?.isBroken], [8, 9, 0]);
  assertEquals(rowOf(rings, 4), undefined);
  fake.records = fake.known;
  assertEquals(look(100), [1, 0]);
  assertEquals(rowOf(rings, 3)?.serial, 78);
  assertEquals(rowOf(rings, 4)?.serial, 79);
});

Deno.test("RingCollector.look() goes over all maps where a tick saw a ring come or go", () => {
  const { node, look } = startShort([{ id: 3 }]);
  assertEquals(look(100), [0, 1]);
  node.roll = 2;
  assertEquals(look(10), [1, 0]);
  assertEquals(look(10), [0, 1]);
  // As soon as it is paid for.
  node.roll = 3;
  assertEquals(look(10), [0, 1]);
  assertEquals(look(80), [1, 0]);
});

Deno.test("RingCollector.look() goes over all maps where no ring is known", () => {
  const { fake, rings, look } = startShort([]);
  assertEquals(look(1_000), [1, 0]);
  assertEquals(rings.nextDelayMs, 1_000);
  fake.records = [{ id: 3 }];
  assertEquals(look(1_000), [1, 0]);
  assertEquals(look(10), [0, 1]);
});

Deno.test("RingCollector.look() looks again the short way where a producer seems to have found no room", () => {
  const { fake, rings, look } = startShort([{ id: 3 }]);
  fake.known = [{ id: 3, producerPos: 800, pendingPos: 800 }];
  assertEquals(look(10), [0, 2]);
  assertEquals(rowOf(rings, 3)?.lossEpisodes, 1);
});

Deno.test("RingCollector.look() goes over all maps for ten seconds after the short way failed", () => {
  const { fake, rings, look } = startShort([{ id: 3 }]);
  fake.refusesKnown = -EPERM;
  assertEquals(look(10), [1, 0]);
  assertEquals(rings.failure, undefined);
  fake.refusesKnown = 0;
  assertEquals(look(9_000), [1, 0]);
  assert(rings.nextDelayMs >= 40);
  assertEquals(look(1_100), [1, 0]);
  assertEquals(look(10), [0, 1]);
});

Deno.test("RingCollector.nextDelayMs is paid for by what the short way costs", () => {
  const { fake, rings, look } = startShort([{ producerPos: 0 }]);
  fake.knownMs = 0.05;
  let written = 0;
  for (let i = 0; i < 50; i++) {
    fake.records = [{ producerPos: written += 1_000_000 }];
    look(5);
  }
  assert(rings.nextDelayMs > 4.9 && rings.nextDelayMs < 6);
});
