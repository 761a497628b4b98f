/** Owns the tests of workers/maps/buffers.ts. @module */
import { assertEquals } from "@std/assert";
import {
  type BufferLook,
  watchBuffers,
} from "../../../../workers/maps/buffers.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

class FakeLook implements BufferLook {
  rows = new Float64Array();
  revision = 0;
  looks = 0;
  spentMs = 0;
  lookedAtMs = 0;
  nextDelayMs = 7;
  failure: string | undefined;
  fault: Error | undefined;

  look(): void {
    if (this.fault !== undefined) throw this.fault;
    this.looks++;
    this.spentMs += 0.5;
  }
}

Deno.test("watchBuffers() tells once that nothing looks, and why", () => {
  const watch = watchBuffers(new FakeKernel(), { rings: "no R", perf: "no P" });
  assertEquals(watch.looks, []);
  assertEquals(watch.take()?.unavailable, { rings: "no R", perf: "no P" });
  assertEquals(watch.take(), undefined);
});

Deno.test("BuffersCollector.take() gives copies of rows that changed, and nothing where none did", () => {
  const rings = new FakeLook();
  const watch = watchBuffers(new FakeKernel(), { rings, perf: "none" });
  rings.rows = Float64Array.of(1, 2);
  watch.looks[0].look();
  const pass = watch.take();
  rings.rows[0] = 9;
  assertEquals(pass?.rings, Float64Array.of(1, 2));
  assertEquals([pass?.passes, pass?.spentMs, pass?.periodMs], [1, 0.5, 7]);
  assertEquals(watch.take(), undefined);
  rings.revision++;
  assertEquals(watch.take()?.rings, Float64Array.of(9, 2));
});

Deno.test("BuffersCollector.take() tells what looks cost now and then, though no buffer changes", () => {
  const kernel = new FakeKernel();
  const watch = watchBuffers(kernel, { rings: new FakeLook(), perf: "none" });
  watch.take();
  kernel.nowMs += 4_000;
  assertEquals(watch.take(), undefined);
  kernel.nowMs += 1_000;
  assertEquals(watch.take()?.passes, 0);
});

Deno.test("watchBuffers() holds a look that throws against it alone, and tries it again later", () => {
  const [rings, perf] = [new FakeLook(), new FakeLook()];
  const watch = watchBuffers(new FakeKernel(), { rings, perf });
  watch.take();
  rings.fault = new Error("broken");
  for (const look of watch.looks) look.look();
  assertEquals(watch.looks.map(({ nextDelayMs }) => nextDelayMs), [10_000, 7]);
  assertEquals(watch.take()?.unavailable, { rings: "a look failed: broken" });
  rings.fault = undefined;
  for (const look of watch.looks) look.look();
  rings.revision++;
  assertEquals(watch.take()?.unavailable, {});
});

Deno.test("watchBuffers() looks once where no map is of the kind, and again when one is or a buffer is known still", () => {
  const rings = new FakeLook();
  let areThere = false;
  const watch = watchBuffers(
    new FakeKernel(),
    { rings, perf: "none" },
    (kind) => kind === "rings" && areThere,
  );
  const [look] = watch.looks;
  for (let i = 0; i < 3; i++) look.look();
  assertEquals(rings.looks, 1);
  areThere = true;
  look.look();
  assertEquals(rings.looks, 2);
  areThere = false;
  rings.rows = Float64Array.of(1);
  look.look();
  assertEquals(rings.looks, 3);
});
