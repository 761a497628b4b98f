import { assert, assertEquals } from "@std/assert";
import { nextObjectId } from "../../../ffi/mod.ts";
import { makeObjects } from "../../../workers/bench_objects.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

function count(kernel: FakeKernel, type: "map" | "program"): number {
  let objects = 0;
  for (
    let id = nextObjectId(kernel, type, 0);
    id > 0;
    id = nextObjectId(kernel, type, id)
  ) objects++;
  return objects;
}

for (const type of ["map", "program"] as const) {
  Deno.test(`makeObjects() makes so many ${type}s, and none is left after it is disposed of`, () => {
    const kernel = new FakeKernel();
    const made = makeObjects(kernel, type, 5);
    assert(typeof made !== "string");
    assertEquals(count(kernel, type), 5);
    made[Symbol.dispose]();
    assertEquals([count(kernel, type), kernel.openFds], [0, 0]);
  });

  Deno.test(`makeObjects() leaves no ${type} where the files end before they are made`, () => {
    const kernel = new FakeKernel({ fdLimit: 6 });
    const made = makeObjects(kernel, type, 5);
    assert(
      typeof made === "string" && made.includes("EMFILE after 3"),
      `${made}`,
    );
    assertEquals([count(kernel, type), kernel.openFds], [0, 0]);
  });
}

Deno.test("makeObjects() says that it may not", () => {
  assertEquals(
    makeObjects(new FakeKernel({ privileged: false }), "map", 2),
    "Cannot make 2 maps: expected as many, found EPERM after 0",
  );
});

Deno.test("makeObjects() makes no links where the kernel has no BTF", () => {
  const made = makeObjects(new FakeKernel(), "link", 2);
  assert(typeof made === "string" && made.startsWith("Cannot make links: "));
});
