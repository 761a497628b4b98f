/**
 * Owns the tests of ffi/objects.ts where nothing goes wrong: what a pass visits and hands over. In: the fake kernel. Out:
 * assertions; every one of them also wants no descriptor left open. What goes wrong is in objects_failures_test.ts.
 * @module
 */
import { assertEquals } from "@std/assert";
import { objectInfo } from "../../../ffi/bpf.ts";
import { EACCES } from "../../../ffi/errno.ts";
import { ObjectWalk, type WalkVisitor } from "../../../ffi/objects.ts";
import { read, textAt } from "../../../ffi/struct.ts";
import { BPF, LINK_INFO, MAP_INFO, PROG_INFO } from "../../../ffi/uapi.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";
import { INFO_BYTES, KINDS, threeMaps, walk } from "./walk_pass.ts";

Deno.test("ObjectWalk visits every object of its kind in ascending id", () => {
  const kernel = new FakeKernel();
  for (const id of [9, 5, 6]) {
    kernel.addMap({ id });
    kernel.addProgram({ id: id + 10 });
    kernel.addLink({ id: id + 20 });
    kernel.addBtf({ id: id + 30 });
  }
  KINDS.forEach((kind, i) =>
    assertEquals(walk(kernel, kind), {
      visited: [5, 6, 9].map((id) => id + i * 10),
      skipped: [],
      failure: undefined,
    })
  );
});

Deno.test("ObjectWalk ends at once where there is nothing", () => {
  for (const kind of KINDS) {
    assertEquals(walk(new FakeKernel(), kind), {
      visited: [],
      skipped: [],
      failure: undefined,
    });
  }
});

Deno.test("ObjectWalk hands over the info of each object", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 1, name: "one", maxEntries: 10 });
  kernel.addMap({ id: 2, name: "", maxEntries: 20 });
  const seen: unknown[] = [];
  walk(kernel, "map", {
    visit: (id, info, filled) =>
      seen.push([
        id,
        read(MAP_INFO.id, info.view, filled),
        read(MAP_INFO.name, info.view, filled),
        read(MAP_INFO.max_entries, info.view, filled),
        filled,
      ]),
  });
  assertEquals(seen, [[1, 1, "one", 10, 88], [2, 2, "", 20, 88]]);
});

Deno.test("ObjectWalk counts its system calls", () => {
  const kernel = threeMaps();
  const objects = new ObjectWalk(kernel, "map", 88);
  objects.run({ leaveOut: () => false, visit: () => {}, skip: () => {} });
  // Per object: list, open, ask, close; then the end of the list, twice.
  assertEquals(objects.calls, 3 * 4 + 2);
  assertEquals(kernel.bpfCalls, 3 * 3 + 2);
});

Deno.test("ObjectWalk does not open what is left out", () => {
  const kernel = threeMaps();
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EACCES, { id: 6 });
  assertEquals(walk(kernel, "map", { leaveOut: (id) => id === 6 }), {
    visited: [5, 9],
    skipped: [],
    failure: undefined,
  });
});

Deno.test("ObjectWalk sees the new object behind a reused id", () => {
  const kernel = new FakeKernel();
  const loaded: unknown[] = [];
  const visit: WalkVisitor["visit"] = (_id, info, filled) =>
    void loaded.push(read(PROG_INFO.load_time, info.view, filled));
  kernel.addProgram({ id: 5, loadTimeNs: 1 });
  walk(kernel, "program", { visit });
  kernel.remove("program", 5);
  kernel.addProgram({ id: 5, loadTimeNs: 2 });
  walk(kernel, "program", { visit });
  assertEquals(loaded, [1n, 2n]);
});

Deno.test("ObjectWalk leaves a field absent that an older kernel did not fill", () => {
  const kernel = new FakeKernel({ infoBytes: { map: 40 } });
  kernel.addMap({ id: 1, name: "old", ifindex: 7, btfId: 8 });
  const seen: unknown[] = [];
  walk(kernel, "map", {
    visit: (_id, { view }, filled) =>
      seen.push({
        filled,
        name: read(MAP_INFO.name, view, filled),
        ifindex: read(MAP_INFO.ifindex, view, filled),
        btfId: read(MAP_INFO.btf_id, view, filled),
      }),
  });
  assertEquals(seen, [{
    filled: 40,
    name: "old",
    ifindex: undefined,
    btfId: undefined,
  }]);
});

Deno.test("ObjectWalk asks no more of a later kernel than it knows", () => {
  const kernel = new FakeKernel({ infoBytes: { map: 512, program: 512 } });
  kernel.addMap({ id: 1 });
  kernel.addProgram({ id: 1 });
  for (const kind of ["map", "program"] as const) {
    const filledBytes: number[] = [];
    walk(kernel, kind, {
      visit: (_id, _info, filled) => void filledBytes.push(filled),
    });
    assertEquals(filledBytes, [INFO_BYTES[kind]]);
  }
});

Deno.test("ObjectWalk gives prepare() a zeroed info for each object", () => {
  const kernel = threeMaps();
  let prepared = 0;
  walk(kernel, "map", {
    prepare(info) {
      assertEquals(info.bytes.findIndex((byte) => byte !== 0), -1);
      info.bytes.fill(0xaa, 0, 88);
      prepared++;
    },
  });
  assertEquals(prepared, 3);
});

Deno.test("ObjectWalk keeps the descriptor open for a second call", () => {
  const kernel = new FakeKernel();
  kernel.addLink({ id: 1, targetName: "sched_switch" });
  const name = kernel.allocate(128);
  const { tp_name, tp_name_len } = LINK_INFO.raw_tracepoint;
  let filledAgain = 0;
  walk(kernel, "link", {
    visit(_id, info, filled, fd) {
      assertEquals(read(tp_name_len, info.view, filled), 13);
      info.words[tp_name.offset / 4] = name.addressLow;
      info.words[tp_name.offset / 4 + 1] = name.addressHigh;
      filledAgain = objectInfo(kernel, fd, info, 64);
    },
  });
  assertEquals(filledAgain, 64);
  assertEquals(textAt(name.view, 0, 128), "sched_switch");
});

Deno.test("ObjectWalk hands over a hostile name as it is", () => {
  const kernel = new FakeKernel();
  const names: [Uint8Array | string, string][] = [
    ['"} 1\n# HELP', '"} 1\n# HELP'],
    [new Uint8Array(16).fill(0x41), "A".repeat(16)],
    [new Uint8Array([0xff, 0xfe, 0x80]), "\ufffd\ufffd\ufffd"],
    [new Uint8Array([0x61, 0, 0x62]), "a"],
    ["\ufeff\u202ename", "\ufeff\u202ename"],
    ["", ""],
  ];
  names.forEach(([name], i) => kernel.addMap({ id: i + 1, name }));
  const seen: unknown[] = [];
  walk(kernel, "map", {
    visit: (_id, info, filled) =>
      seen.push(read(MAP_INFO.name, info.view, filled)),
  });
  assertEquals(seen, names.map(([, expected]) => expected));
});

Deno.test("ObjectWalk walks thousands of objects pass after pass", () => {
  const kernel = new FakeKernel();
  for (let id = 1; id <= 5000; id++) kernel.addProgram({ id: id * 3 });
  const objects = new ObjectWalk(kernel, "program", 232);
  let visits = 0;
  for (let pass = 0; pass < 3; pass++) {
    assertEquals(
      objects.run({
        leaveOut: () => false,
        visit: () => void visits++,
        skip: () => {},
      }),
      undefined,
    );
  }
  assertEquals(visits, 15_000);
  assertEquals(kernel.openFds, 0);
});
