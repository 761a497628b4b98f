/**
 * Owns the tests of what only the fake kernel has: a limit of descriptors, names of links that the contract cannot make on
 * every machine, older kernels, faults on order, and its speed. In: the fake. Out: assertions.
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { nextObjectId, objectInfo, openObject } from "../../ffi/bpf.ts";
import {
  E2BIG,
  EACCES,
  EBADF,
  EINTR,
  EINVAL,
  EMFILE,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
  EPERM,
} from "../../ffi/errno.ts";
import type { Field } from "../../ffi/struct.ts";
import { read, textAt } from "../../ffi/struct.ts";
import { BPF, LINK_INFO, PROG_INFO } from "../../ffi/uapi.ts";
import { bpfWords } from "../builders.ts";
import { FakeKernel } from "../fakes/fake_kernel.ts";
import type { LinkSpec } from "../fakes/object_store.ts";

Deno.test("FakeKernel gives the lowest free descriptor from 3 on", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 1 });
  const open = (): number => openObject(kernel, "map", 1);
  assertEquals([open(), open(), open()], [3, 4, 5]);
  assertEquals(kernel.close(4), 0);
  assertEquals(kernel.close(4), -EBADF);
  assertEquals(kernel.close(3), 0);
  assertEquals([open(), open(), open()], [3, 4, 6]);
  assertEquals(kernel.openFds, 4);
});

Deno.test("FakeKernel answers EMFILE at its limit, ENOENT before it", () => {
  const kernel = new FakeKernel({ fdLimit: 4 });
  kernel.addMap({ id: 1 });
  assertEquals(openObject(kernel, "map", 1), 3);
  assertEquals(openObject(kernel, "map", 1), -EMFILE);
  assertEquals(openObject(kernel, "map", 2), -ENOENT);
  assertEquals(kernel.open("/proc/thread-self/status"), -EMFILE);
  assertEquals(kernel.open("/proc/missing"), -EMFILE);
  assertEquals(kernel.close(3), 0);
  assertEquals(kernel.open("/proc/thread-self/status"), 3);
});

Deno.test("FakeKernel keeps a removed object while a descriptor holds it", () => {
  const kernel = new FakeKernel();
  kernel.addProgram({ id: 5 });
  const fd = openObject(kernel, "program", 5);
  kernel.remove("program", 5);
  assertEquals(nextObjectId(kernel, "program", 0), 5);
  assertEquals(kernel.close(fd), 0);
  assertEquals(nextObjectId(kernel, "program", 0), -ENOENT);
});

Deno.test("FakeKernel refuses attributes that an older kernel does not know", () => {
  const kernel = new FakeKernel({ attrBytes: 48 });
  const words = new Array(16).fill(0);
  assertEquals(bpfWords(kernel, BPF.PROG_GET_NEXT_ID, words), -ENOENT);
  words[12] = 1;
  assertEquals(bpfWords(kernel, BPF.PROG_GET_NEXT_ID, words), -E2BIG);
  words[12] = 0;
  words[3] = 1;
  assertEquals(bpfWords(kernel, BPF.PROG_GET_NEXT_ID, words), -EINVAL);
});

Deno.test("FakeKernel copies names as each type of link does", () => {
  const { perf_event, iter, uprobe_multi } = LINK_INFO;
  const cases: {
    spec: LinkSpec;
    pointer: Field<bigint>;
    length: Field<number>;
    tooLong: number;
  }[] = [
    {
      spec: { type: "iter", targetName: "bpf_map" },
      pointer: iter.target_name,
      length: iter.target_name_len,
      tooLong: ENOSPC,
    },
    {
      spec: { type: "perf_event", perfType: 3, targetName: "do_exit" },
      pointer: perf_event.name,
      length: perf_event.name_len,
      tooLong: ENOSPC,
    },
    {
      spec: { type: "uprobe_multi", targetName: "/bin/sh" },
      pointer: uprobe_multi.path,
      length: uprobe_multi.path_size,
      tooLong: ENAMETOOLONG,
    },
  ];
  for (const { spec, pointer, length, tooLong } of cases) {
    const kernel = new FakeKernel();
    kernel.addLink({ id: 1, ...spec });
    const fd = openObject(kernel, "link", 1);
    const info = kernel.allocate(LINK_INFO.size);
    const name = kernel.allocate(128);
    const ask = (room: number): number => {
      info.bytes.fill(0);
      if (room > 0) {
        info.words[pointer.offset / 4] = name.addressLow;
        info.words[pointer.offset / 4 + 1] = name.addressHigh;
        info.words[length.offset / 4] = room;
      }
      return objectInfo(kernel, fd, info, LINK_INFO.size);
    };
    assertEquals(ask(0), 64);
    assertEquals(read(length, info.view, 64), `${spec.targetName}`.length + 1);
    assertEquals(ask(128), 64);
    assertEquals(textAt(name.view, 0, 128), spec.targetName);
    assertEquals(ask(4), -tooLong);
  }
});

Deno.test("FakeKernel gives a perf event without a function no name", () => {
  const kernel = new FakeKernel();
  kernel.addLink({ id: 1, type: "perf_event", perfType: 6, targetName: "x" });
  const info = kernel.allocate(LINK_INFO.size);
  objectInfo(kernel, openObject(kernel, "link", 1), info, LINK_INFO.size);
  assertEquals(read(LINK_INFO.perf_event.name_len, info.view, 64), 0);
});

Deno.test("FakeKernel lists as many of a program's functions as fit", () => {
  const kernel = new FakeKernel();
  kernel.addProgram({ id: 1, functionTypeIds: [7, 9] });
  const fd = openObject(kernel, "program", 1);
  const info = kernel.allocate(PROG_INFO.size);
  const records = kernel.allocate(128);
  info.words[PROG_INFO.func_info_rec_size.offset / 4] = 8;
  info.words[PROG_INFO.func_info.offset / 4] = records.addressLow;
  info.words[PROG_INFO.func_info.offset / 4 + 1] = records.addressHigh;
  info.words[PROG_INFO.nr_func_info.offset / 4] = 1;
  assertEquals(objectInfo(kernel, fd, info, PROG_INFO.size), 232);
  assertEquals(read(PROG_INFO.nr_func_info, info.view, 232), 2);
  assertEquals([...records.words.subarray(0, 4)], [0, 7, 0, 0]);
});

Deno.test("FakeKernel withholds the sizes of code without privilege", () => {
  const kernel = new FakeKernel();
  kernel.addProgram({ id: 1, jitedBytes: 64, xlatedBytes: 32 });
  const fd = openObject(kernel, "program", 1);
  kernel.privileged = false;
  const info = kernel.allocate(PROG_INFO.size);
  assertEquals(objectInfo(kernel, fd, info, PROG_INFO.size), 232);
  assertEquals(read(PROG_INFO.jited_prog_len, info.view, 232), 0);
  assertEquals(read(PROG_INFO.xlated_prog_len, info.view, 232), 0);
  assertEquals(read(PROG_INFO.id, info.view, 232), 1);
});

Deno.test("FakeKernel checks an attribute's form before the privilege", () => {
  // As 6.18 answers a process whose capabilities were all taken away.
  const kernel = new FakeKernel({ privileged: false });
  const answers = [
    bpfWords(kernel, BPF.PROG_GET_NEXT_ID, [0]),
    bpfWords(kernel, BPF.PROG_GET_NEXT_ID, [0, 0, 1]),
    bpfWords(kernel, BPF.PROG_GET_NEXT_ID, [0x7fff_ffff]),
    bpfWords(kernel, BPF.PROG_GET_FD_BY_ID, [0x7fff_fff0]),
    bpfWords(kernel, BPF.ENABLE_STATS, [7]),
    bpfWords(kernel, BPF.PROG_LOAD, [1, 0]),
    bpfWords(kernel, BPF.MAP_CREATE, [2, 4, 8, 3]),
  ];
  assertEquals(answers, [
    -EPERM,
    -EINVAL,
    -EINVAL,
    -EPERM,
    -EPERM,
    -EPERM,
    -EPERM,
  ]);
});

Deno.test("FakeKernel fails on order, for an id and as often as told", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 1 });
  kernel.addMap({ id: 2 });
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EACCES, { id: 1, times: 1 });
  assertEquals(openObject(kernel, "map", 2), 3);
  assertEquals(openObject(kernel, "map", 1), -EACCES);
  assertEquals(openObject(kernel, "map", 1), 4);
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EACCES);
  kernel.interrupt(1);
  const words = [1];
  assertEquals(bpfWords(kernel, BPF.MAP_GET_FD_BY_ID, words), -EINTR);
  assertEquals(bpfWords(kernel, BPF.MAP_GET_FD_BY_ID, words), -EACCES);
  kernel.clearFaults();
  assertEquals(openObject(kernel, "map", 1), 5);
});

Deno.test("FakeKernel counts runs of its own accord while statistics are on", () => {
  const kernel = new FakeKernel();
  const program = kernel.addProgram({ id: 1 });
  kernel.runProgram(1, 5);
  assertEquals(read(PROG_INFO.run_cnt, program.view, 232), 0);
  kernel.statsOther = true;
  kernel.runProgram(1, 5);
  assertEquals(read(PROG_INFO.run_cnt, program.view, 232), 5);
  assertEquals(read(PROG_INFO.run_time_ns, program.view, 232), 125);
  program.update({ runCount: 2n ** 60n, runTimeNs: 7 });
  assertEquals(read(PROG_INFO.run_cnt, program.view, 232), 2 ** 60);
  assertThrows(() => kernel.runProgram(9), RangeError, "no program 9");
});

Deno.test("FakeKernel refuses a field that an object does not have", () => {
  const kernel = new FakeKernel();
  assertThrows(
    () => kernel.addLink({ type: "xdp", cgroupId: 1 }),
    RangeError,
    "Cannot set cgroupId of link 1: expected one of type, programId, ifindex",
  );
  assertThrows(() => kernel.addMap({ type: "nonsense" }), RangeError);
  kernel.addMap({ id: 3 });
  assertThrows(() => kernel.addMap({ id: 3 }), RangeError, "one already");
  assertThrows(() => kernel.remove("map", 4), RangeError, "no map 4");
});

Deno.test("FakeKernel moves its clock only by hand", () => {
  const kernel = new FakeKernel();
  const start = kernel.monotonicMs();
  kernel.advanceMs(12.5);
  assertEquals(kernel.monotonicMs(), start + 12.5);
});

Deno.test("FakeKernel finds ids among thousands in any order of adding", () => {
  const kernel = new FakeKernel();
  const ids = Array.from({ length: 3000 }, (_, i) => (i * 7919) % 3001 + 1);
  for (const id of ids) kernel.addMap({ id });
  for (const id of ids) if (id % 2 === 0) kernel.remove("map", id);
  const seen: number[] = [];
  for (
    let id = nextObjectId(kernel, "map", 0);
    id > 0;
    id = nextObjectId(kernel, "map", id)
  ) seen.push(id);
  assert(seen.every((id) => id % 2 === 1));
  assertEquals(seen, [...seen].sort((a, b) => a - b));
  assertEquals(seen.length, kernel.tables.map.size);
});
