import { assertEquals } from "@std/assert";
import { EPERM } from "../../../ffi/mod.ts";
import { collectMaps } from "../../../workers/maps/collect.ts";
import type { Collector } from "../../../workers/collector.ts";
import { FakeIterators, type IteratedMap } from "../../fakes/fake_iterators.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const LEAVE_OUT = { map: [], program: [], link: [], btf: [] };
const HASH = 1;

function map(id: number, cookie: number, keySize = 4): IteratedMap {
  return { id, type: HASH, cookie, keySize };
}

function setUp(mayWalk: boolean, leaveOut: readonly number[] = []) {
  const kernel = new FakeKernel();
  const fake = new FakeIterators();
  const collector = collectMaps(fake.port(kernel), {
    leaveOut: { ...LEAVE_OUT, map: leaveOut },
    iterators: {
      memory: "not reckoned",
      map: fake.iterators,
      program: "not here",
      link: "not here",
      btf: "not here",
      mayWalk,
      mayListBtf: mayWalk,
    },
  });
  return { kernel, fake, collector };
}

/** One sample: its errno, ids, and who was described. */
function sample({ tables: [table] }: Collector) {
  const { failure } = table.sample();
  const { ids, count } = table.rows.columns;
  const births = table.rows.takeBirths();
  return {
    errno: failure?.errno,
    ids: [...ids.slice(0, count)],
    firstBirth: births?.firstBirth,
    born: births?.descriptions.map(({ identity }) => identity),
  };
}

const identity = (id: number, keySize = 4) =>
  `${id}:hash:${keySize}:0:0:0:0:0:0:`;

Deno.test("collectMaps() by iterator runs the birth program only when somebody is new", () => {
  const { fake, collector } = setUp(true);
  fake.maps = [map(3, 1), map(7, 2)];
  assertEquals(sample(collector), {
    errno: undefined,
    ids: [3, 7],
    firstBirth: 1,
    born: [identity(3), identity(7)],
  });
  assertEquals(sample(collector).born, undefined);
  assertEquals(fake.births, 1);
  fake.maps = [map(7, 2), map(9, 3)];
  assertEquals(sample(collector), {
    errno: undefined,
    ids: [7, 9],
    firstBirth: 3,
    born: [identity(9)],
  });
  assertEquals([fake.births, fake.openFds], [2, 0]);
});

Deno.test("collectMaps() by iterator has the birth program write nobody below the lowest id that is new", () => {
  const { fake, collector } = setUp(true, [2, 8]);
  fake.maps = [map(2, 20), map(30, 1), map(40, 2)];
  sample(collector);
  fake.maps = [map(2, 20), map(30, 1), map(40, 2), map(50, 3)];
  assertEquals(sample(collector).born, [identity(50)]);
  // Ids came round; and one that is used again is new, too.
  fake.maps = [map(2, 20), map(5, 4), map(8, 21), map(30, 5), map(50, 3)];
  assertEquals(sample(collector).born, [identity(5), identity(30)]);
  assertEquals(sample(collector).born, undefined);
  assertEquals([fake.boundsUsed, fake.bound[0]], [[30, 50, 5], 0]);
});

Deno.test("collectMaps() by iterator tells a reused id by its cookie", () => {
  const { fake, collector } = setUp(true);
  fake.maps = [map(3, 1)];
  sample(collector);
  fake.maps = [map(3, 2, 8)];
  assertEquals(sample(collector).born, [identity(3, 8)]);
});

Deno.test("collectMaps() by iterator passes over a map that went before it was described", () => {
  const { fake, collector } = setUp(true);
  fake.maps = [map(3, 1), map(4, 2), map(5, 3)];
  fake.born = [map(3, 1), map(5, 9)];
  assertEquals(sample(collector).ids, [3]);
  fake.born = undefined;
  assertEquals(sample(collector), {
    errno: undefined,
    ids: [3, 4, 5],
    firstBirth: 2,
    born: [identity(4), identity(5)],
  });
});

Deno.test("collectMaps() by iterator leaves out the agent's own", () => {
  const { fake, collector } = setUp(true, [4]);
  fake.maps = [map(3, 1), map(4, 2)];
  assertEquals(sample(collector).ids, [3]);
});

Deno.test("collectMaps() walks while iterators fail, and returns to them, every birth with a number of its own", () => {
  const { kernel, fake, collector } = setUp(true);
  kernel.addMap({ id: 3, type: "hash" });
  fake.maps = [map(3, 1)];
  assertEquals(sample(collector).firstBirth, 1);
  assertEquals(collector.backend, "iterator");

  fake.refuses = -EPERM;
  const walked = sample(collector);
  assertEquals([walked.errno, walked.ids, walked.firstBirth], [
    undefined,
    [3],
    2,
  ]);
  assertEquals([collector.backend, collector.backendReason], [
    "walk",
    "the iterators failed once, last with BPF_ITER_CREATE: EPERM, and are tried again",
  ]);
  assertEquals(sample(collector).born, undefined);

  // Tried again, and still refused: known maps stay known.
  kernel.advanceMs(10_000);
  assertEquals(sample(collector).born, undefined);

  fake.refuses = 0;
  assertEquals(sample(collector).born, undefined);
  kernel.advanceMs(10_000);
  const back = sample(collector);
  assertEquals([back.ids, back.firstBirth], [[3], 3]);
  assertEquals([collector.backend, collector.backendReason], [
    "iterator",
    "iterators, for a test, each pass by BPF_ITER_CREATE; failed 2 times, last with BPF_ITER_CREATE: EPERM",
  ]);
});

Deno.test("collectMaps() keeps its rows where iterators fail and nothing may stand in", () => {
  const { fake, collector } = setUp(false);
  fake.maps = [map(3, 1)];
  sample(collector);
  fake.refuses = -EPERM;
  const { errno, ids } = sample(collector);
  assertEquals([errno, ids], ["EPERM", [3]]);
  fake.refuses = 0;
  assertEquals(sample(collector).born, undefined);
});
