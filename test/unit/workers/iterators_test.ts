import { assert, assertEquals } from "@std/assert";
import { openIterators } from "../../../workers/iterators.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const TYPES = ["map", "program", "link"] as const;

/** For each type the reason why it is not iterated, or undefined. */
function reasons(kernel: FakeKernel): (string | undefined)[] {
  using opened = openIterators(kernel, true);
  const { iterators } = opened;
  return TYPES.map((type) => {
    const one = iterators[type];
    return typeof one === "string" ? one : undefined;
  });
}

function ownMaps(kernel: FakeKernel): number {
  using opened = openIterators(kernel, true);
  return opened.ownIds.map.length;
}

Deno.test("openIterators() opens two pinned iterators a type, two that follow BTF, knows its own objects, and closes all", () => {
  const kernel = new FakeKernel().giveIterators();
  {
    using opened = openIterators(kernel, true);
    const { iterators, ownIds } = opened;
    for (const type of TYPES) {
      const one = iterators[type];
      assert(typeof one !== "string", String(one));
      assert(one.tick.pinFd !== undefined && one.birth.pinFd !== undefined);
      assertEquals(one.reason, "iterators, checked on own objects");
    }
    const lengths = TYPES.map((type) => ownIds[type].length);
    // Two for touching ahead, and a bound a type.
    assertEquals(lengths, [5, 8, 8]);
    assertEquals(kernel.openFds, 19);
  }
  assertEquals([kernel.openFds, kernel.pins.size], [0, 0]);
  assertEquals(TYPES.map((type) => kernel.tables[type].size), [0, 0, 0]);
});

Deno.test("openIterators() counts the map of bases among its own where there are many CPUs", () => {
  const kernel = new FakeKernel().giveIterators();
  const few = ownMaps(kernel);
  kernel.cpus = 256;
  assertEquals(ownMaps(kernel), few + 1);
});

Deno.test("openIterators() says why there are none: no privilege, no BTF, no iterators, other values", () => {
  const refused = new FakeKernel({ privileged: false }).giveIterators();
  assertEquals(
    new Set(reasons(refused)),
    new Set(["BPF_PROG_LOAD failed: EPERM"]),
  );
  assertEquals(
    new Set(reasons(new FakeKernel())),
    new Set([
      "no iterators without BTF: open of /sys/kernel/btf/vmlinux failed: ENOENT",
    ]),
  );
  const before = TYPES.map((type) =>
    `bpf_iter_bpf_${type === "program" ? "prog" : type}`
  );
  assertEquals(
    reasons(new FakeKernel().giveIterators(before)),
    before.map((name) =>
      `this kernel has no iterator over ${name.replace("bpf_iter_", "")}`
    ),
  );
  const links = new FakeKernel().giveIterators(["bpf_iter_bpf_link"]);
  assertEquals(reasons(links), [
    undefined,
    undefined,
    "this kernel has no iterator over bpf_link",
  ]);
  for (const kernel of [refused, links]) assertEquals(kernel.openFds, 0);
});
