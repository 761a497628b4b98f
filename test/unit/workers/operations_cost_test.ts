/** Owns the tests of workers/operations_cost.ts. @module */
import { assertEquals } from "@std/assert";
import { BPF, type KernelPort } from "../../../ffi/mod.ts";
import { CallTimer, costOf } from "../../../workers/operations_cost.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

Deno.test("CallTimer.take() gives ns a call, of the fastest slice", () => {
  let ns = 0;
  let calls = 0;
  const kernel: KernelPort = Object.assign(new FakeKernel(), {
    monotonicMs: () => ns / 1e6,
    bpf(command: number, attr: Uint8Array) {
      assertEquals(command, BPF.MAP_GET_NEXT_KEY);
      assertEquals(
        new DataView(attr.buffer, attr.byteOffset).getUint32(0, true),
        7,
      );
      // Now and then something disturbs it.
      ns += calls++ % 200 === 0 ? 50_000 : 900;
      return 0;
    },
    close(fd: number) {
      assertEquals(fd, -1);
      ns += 150;
      return -9;
    },
  });
  const { bpfNs, otherNs } = new CallTimer(kernel, 7).take();
  assertEquals(Math.round(bpfNs), 900);
  assertEquals(Math.round(otherNs), 150);
});

Deno.test("costOf() tells what calls took longer than the faster of two that were not counted, and nothing below 0", () => {
  assertEquals(
    costOf(
      { bpfNs: 900, otherNs: 150 },
      { bpfNs: 1_400.4, otherNs: 149 },
      { bpfNs: 950, otherNs: 151 },
    ),
    { bpfNs: 500, otherNs: 0 },
  );
});
