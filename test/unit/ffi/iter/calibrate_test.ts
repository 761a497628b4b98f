import { assertEquals } from "@std/assert";
import { Btf, EPERM, perCpuBases } from "../../../../ffi/mod.ts";
import { fakeKernelBtf, WANTED } from "../../../fakes/fake_btf.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const MAP_CREATE = 0;
const LINK_CREATE = 28;
const ITER_CREATE = 33;
const MIB = 1n << 20n;

function bases(kernel: FakeKernel, lacks: readonly string[] = []) {
  const found = perCpuBases(kernel, Btf.scan(fakeKernelBtf(lacks), WANTED));
  assertEquals(kernel.openFds, 0);
  return found;
}

Deno.test("perCpuBases() finds one base for each possible CPU, however many", () => {
  for (const cpus of [1, 2, 300]) {
    const kernel = new FakeKernel().giveIterators();
    kernel.cpus = cpus;
    const expected = Array.from(
      { length: cpus },
      (_, cpu) => BigInt(cpu) * MIB,
    );
    assertEquals(bases(kernel), expected);
  }
});

Deno.test("perCpuBases() counts possible CPUs up to the last one, with gaps", () => {
  const kernel = new FakeKernel().giveIterators();
  kernel.cpus = 6;
  kernel.files.addFile("/sys/devices/system/cpu/possible", "0,2-3,5\n");
  assertEquals(bases(kernel).length, 6);
});

Deno.test("perCpuBases() says what it lacks, and leaves nothing open", () => {
  const without = new FakeKernel().giveIterators();
  without.files.remove("/sys/devices/system/cpu/possible");
  assertEquals(
    bases(without),
    "/sys/devices/system/cpu/possible cannot be read",
  );
  for (
    const [command, call] of [
      [MAP_CREATE, "BPF_MAP_CREATE"],
      [LINK_CREATE, "BPF_LINK_CREATE"],
      [ITER_CREATE, "BPF_ITER_CREATE"],
    ] as const
  ) {
    const kernel = new FakeKernel().giveIterators();
    kernel.fail(command, EPERM);
    assertEquals(bases(kernel), `${call} failed: EPERM`);
  }
  const lacks = ["bpf_array.pptrs"];
  assertEquals(
    bases(new FakeKernel().giveIterators(lacks), lacks),
    "this kernel has no bpf_array.pptrs",
  );
  const refusing = new FakeKernel().giveIterators();
  refusing.verifier = () => "unknown func bpf_map_lookup_percpu_elem#195";
  assertEquals(
    bases(refusing),
    "unknown func bpf_map_lookup_percpu_elem#195",
  );
});
