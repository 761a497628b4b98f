import { assert, assertEquals } from "@std/assert";
import { benchSide, timedCollector } from "../../../workers/bench.ts";
import { noIterators } from "../../../workers/iterators.ts";
import { NO_IDS } from "../../../workers/protocol.ts";
import { FakeIterators } from "../../fakes/fake_iterators.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const NONE = { leaveOut: NO_IDS, iterators: noIterators("no BTF here") };

Deno.test("timedCollector() samples by the walk, each time anew, without what is left out", () => {
  const kernel = new FakeKernel();
  for (const id of [1, 2, 3]) kernel.addMap({ id });
  const collector = timedCollector(kernel, "maps", "walk", {
    ...NONE,
    leaveOut: { ...NO_IDS, map: [2] },
  });
  assert(typeof collector !== "string");
  const first = collector.sample();
  assertEquals([first.objects, first.failure], [2, undefined]);
  kernel.addMap({ id: 4 });
  assertEquals(collector.sample().objects, 3);
});

Deno.test("timedCollector() answers why there are no iterators", () => {
  assertEquals(
    timedCollector(new FakeKernel(), "links", "iterator", NONE),
    "no BTF here",
  );
});

Deno.test("timedCollector() by iterators does not let the walk stand in", () => {
  const kernel = new FakeKernel();
  const fake = new FakeIterators();
  kernel.addMap({ id: 1 });
  fake.maps = [1, 2].map((id) => ({ id, type: 1, cookie: id, keySize: 4 }));
  const collector = timedCollector(fake.port(kernel), "maps", "iterator", {
    leaveOut: NO_IDS,
    iterators: { ...NONE.iterators, map: fake.iterators },
  });
  assert(typeof collector !== "string");
  assertEquals(collector.sample().objects, 2);
  fake.refuses = -1;
  assertEquals(
    collector.sample().failure,
    "BPF_ITER_CREATE failed: EPERM",
  );
});

Deno.test("timedCollector() without privilege says which call failed", () => {
  const { timedCollector } = benchSide(new FakeKernel({ privileged: false }));
  for (const name of ["maps", "programs", "links"] as const) {
    const collector = timedCollector(name, "walk", NONE);
    assert(typeof collector !== "string");
    const call = name === "programs" ? "PROG" : name.slice(0, -1).toUpperCase();
    assertEquals(
      collector.sample().failure,
      `BPF_${call}_GET_NEXT_ID failed: EPERM`,
    );
  }
});
