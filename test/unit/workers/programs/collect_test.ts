import { assertEquals } from "@std/assert";
import { BPF } from "../../../../ffi/mod.ts";
import { collectPrograms } from "../../../../workers/programs/collect.ts";
import type { OwnIds } from "../../../../workers/protocol.ts";
import { btfBytes, btfFunction } from "../../../btf_bytes.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const NONE: OwnIds = { map: [], program: [], link: [], btf: [] };

function collector(kernel: FakeKernel) {
  const [programs, btf] = collectPrograms(kernel, { leaveOut: NONE }).tables;
  return {
    sample: () => [programs.sample(), btf.sample()],
    counters: () =>
      programs.rows.columns.columns.map((column) => [
        ...column.slice(0, programs.rows.columns.count),
      ]),
    syscalls: () => programs.syscalls + btf.syscalls,
    births: () => programs.rows.takeBirths()?.descriptions ?? [],
    btfBirths: () => btf.rows.takeBirths()?.descriptions ?? [],
  };
}

Deno.test("collectPrograms() describes a program once and reads its counters at every tick", () => {
  const kernel = new FakeKernel();
  kernel.statsSysctl = true;
  const program = kernel.addProgram({
    id: 12,
    type: "sched_cls",
    name: "tail_handle",
    tag: "00aabbccddeeff11",
    jitedBytes: 300,
    xlatedBytes: 160,
    loadTimeNs: 2n ** 40n,
    createdByUid: 1000,
    btfId: 4,
    verifiedInstructions: 77,
    recursionMisses: 3,
  });
  const programs = collector(kernel);
  programs.sample();
  assertEquals(programs.births(), [{
    id: 12,
    identity: `12:${2n ** 40n}`,
    name: "tail_handle",
    type: "sched_cls",
    tag: "00aabbccddeeff11",
    jitedBytes: 300,
    xlatedBytes: 160,
    loadTimeNs: 2n ** 40n,
    verifiedInstructions: 77,
    createdByUid: 1000,
    btfId: 4,
  }]);
  assertEquals(programs.counters(), [[0], [0], [3]]);
  kernel.runProgram(12, 10);
  program.update({ recursionMisses: 5 });
  programs.sample();
  assertEquals(programs.births(), []);
  assertEquals(programs.counters(), [[250], [10], [5]]);
  assertEquals(kernel.openFds, 0);
});

Deno.test("collectPrograms() finds the whole name of a program in its BTF, once", () => {
  const kernel = new FakeKernel();
  kernel.addBtf({
    id: 4,
    typeBytes: btfBytes(
      [btfFunction(1), btfFunction(10)],
      "a_static\0handle_a_system_call_on_its_way_in\0",
    ),
  });
  const spec = { name: "handle_a_system", btfId: 4 };
  kernel.addProgram({ id: 7, ...spec, functionTypeIds: [2, 1] });
  kernel.addProgram({ id: 8, ...spec, functionTypeIds: [99] });
  kernel.addProgram({ id: 9, ...spec, btfId: 5, functionTypeIds: [2] });
  kernel.addProgram({ id: 10, ...spec, functionTypeIds: [] });
  const programs = collector(kernel);
  programs.sample();
  assertEquals(
    programs.births().map((program) =>
      "fullName" in program ? program.fullName : undefined
    ),
    ["handle_a_system_call_on_its_way_in", undefined, undefined, undefined],
  );
  // Each call of bpf(), and a close for each of the five objects and for the BTF that was read.
  assertEquals(programs.syscalls(), kernel.bpfCalls + 5 + 1);
  const calls = kernel.bpfCalls;
  programs.sample();
  // Three a program and two at the end; BTF objects are not due yet.
  assertEquals(kernel.bpfCalls - calls, 3 * 4 + 2);
  assertEquals(kernel.openFds, 0);
});

Deno.test("collectPrograms() reads counters above 32 bits", () => {
  const kernel = new FakeKernel();
  kernel.addProgram({ id: 1, runTimeNs: 2n ** 45n + 7n, runCount: 2n ** 33n });
  const programs = collector(kernel);
  programs.sample();
  assertEquals(programs.counters(), [[2 ** 45 + 7], [2 ** 33], [0]]);
});

Deno.test("collectPrograms() leaves counters absent that an older kernel does not keep", () => {
  const kernel = new FakeKernel({ infoBytes: { program: 192 } });
  kernel.addProgram({ id: 1, runTimeNs: 5 });
  const programs = collector(kernel);
  programs.sample();
  assertEquals(programs.counters(), [[NaN], [NaN], [NaN]]);
  assertEquals("verifiedInstructions" in programs.births()[0], false);
});

Deno.test("collectPrograms() tells a reused id by its load time", () => {
  const kernel = new FakeKernel();
  kernel.addProgram({ id: 9, loadTimeNs: 1 });
  const programs = collector(kernel);
  programs.sample();
  programs.births();
  kernel.remove("program", 9);
  kernel.addProgram({ id: 9, loadTimeNs: 2 });
  programs.sample();
  assertEquals(programs.births().map(({ identity }) => identity), ["9:2"]);
});

Deno.test("collectPrograms() describes BTF objects with their names", () => {
  const kernel = new FakeKernel();
  kernel.addBtf({ id: 1, name: "vmlinux", sizeBytes: 5_000_000, kernelBtf: 1 });
  kernel.addBtf({ id: 4, sizeBytes: 321 });
  const programs = collector(kernel);
  programs.sample();
  assertEquals(programs.btfBirths(), [
    {
      id: 1,
      identity: "1:5000000:1:vmlinux",
      name: "vmlinux",
      sizeBytes: 5_000_000,
      kernel: true,
    },
    { id: 4, identity: "4:321:0:", name: "", sizeBytes: 321, kernel: false },
  ]);
});

Deno.test("collectPrograms() samples programs in a kernel that cannot list BTF objects", () => {
  const kernel = new FakeKernel({ lacks: [BPF.BTF_GET_NEXT_ID] });
  kernel.addProgram({ id: 1 });
  const programs = collector(kernel);
  const [programOutcome, btfOutcome] = programs.sample();
  assertEquals(programOutcome.failure, undefined);
  assertEquals(btfOutcome.failure, {
    call: "BPF_BTF_GET_NEXT_ID",
    errno: "EINVAL",
    unavailable: true,
    unsupported: true,
  });
  assertEquals(programs.births().length, 1);
});

Deno.test("collectPrograms() lists BTF objects in a kernel that does not tell their names", () => {
  const kernel = new FakeKernel({ infoBytes: { btf: 16 } });
  kernel.addBtf({ id: 1, name: "vmlinux", sizeBytes: 5000, kernelBtf: 1 });
  kernel.addBtf({ id: 4, sizeBytes: 321 });
  const programs = collector(kernel);
  const [, outcome] = programs.sample();
  assertEquals(outcome, { table: "btf", skipped: {} });
  assertEquals(programs.btfBirths(), [
    { id: 1, identity: "1:5000:undefined:", name: "", sizeBytes: 5000 },
    { id: 4, identity: "4:321:undefined:", name: "", sizeBytes: 321 },
  ]);
});
