/**
 * Owns the tests of ffi/uapi.ts: each field is read from where the fake kernel, which states the offsets for itself, wrote
 * it. In: objects whose every field has a value of its own. Out: assertions.
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Field, read } from "../../../ffi/struct.ts";
import { LINK_INFO, MAP_INFO, PROG_INFO } from "../../../ffi/uapi.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";
import type { FakeObject } from "../../fakes/fake_objects.ts";
import type { LinkSpec } from "../../fakes/object_store.ts";

/** What `fields` read, but those that a test does not name: layouts_test.ts holds every one against the kernel. */
function assertReads(
  fields: object,
  object: FakeObject,
  expected: Record<string, unknown>,
  message?: string,
): void {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (isField(field) && name in expected) {
      values[name] = read(field, object.view, 256);
    }
  }
  assertEquals(values, expected, message);
}

function isField(value: unknown): value is Field<unknown> {
  return typeof value === "object" && value !== null && "get" in value;
}

Deno.test("MAP_INFO reads every field where the kernel has it", () => {
  const map = new FakeKernel().addMap({
    id: 1,
    type: "arena",
    keySize: 2,
    valueSize: 3,
    maxEntries: 4,
    flags: 5,
    name: "six",
    ifindex: 7,
    btfId: 8,
    extra: 2n ** 63n,
  });
  assertReads(MAP_INFO, map, {
    type: 33,
    id: 1,
    key_size: 2,
    value_size: 3,
    max_entries: 4,
    map_flags: 5,
    name: "six",
    ifindex: 7,
    btf_id: 8,
    map_extra: 2n ** 63n,
  });
});

Deno.test("PROG_INFO reads every field where the kernel has it", () => {
  const program = new FakeKernel().addProgram({
    id: 1,
    type: "xdp",
    tag: "0123456789abcdef",
    jitedBytes: 2,
    xlatedBytes: 3,
    loadTimeNs: 2n ** 63n + 1n,
    createdByUid: 4,
    name: "five",
    ifindex: 6,
    btfId: 7,
    runTimeNs: 8,
    runCount: 9,
    recursionMisses: 10,
    verifiedInstructions: 11,
    attachBtfId: 12,
    attachBtfObjectId: 13,
    functionRecordBytes: 14,
    functionRecords: 15,
    functionCount: 16,
  });
  assertReads(PROG_INFO, program, {
    type: 6,
    id: 1,
    tag: "0123456789abcdef",
    jited_prog_len: 2,
    xlated_prog_len: 3,
    load_time: 2n ** 63n + 1n,
    created_by_uid: 4,
    nr_map_ids: 0,
    name: "five",
    ifindex: 6,
    btf_id: 7,
    run_time_ns: 8,
    run_cnt: 9,
    recursion_misses: 10,
    verified_insns: 11,
    attach_btf_id: 12,
    func_info_rec_size: 14,
    func_info: 15n,
    nr_func_info: 16,
  });
});

Deno.test("LINK_INFO reads each type's own fields", () => {
  const cases: [LinkSpec, keyof typeof LINK_INFO, Record<string, unknown>][] = [
    [
      { type: "tracing", attachType: 1, targetObjectId: 2, targetBtfId: 3 },
      "tracing",
      { attach_type: 1, target_obj_id: 2, target_btf_id: 3 },
    ],
    [
      { type: "cgroup", cgroupId: 2n ** 40n, attachType: 2 },
      "cgroup",
      { cgroup_id: 2n ** 40n, attach_type: 2 },
    ],
    [
      { type: "netns", netnsInode: 1, attachType: 2 },
      "netns",
      { netns_ino: 1, attach_type: 2 },
    ],
    [{ type: "xdp", ifindex: 5 }, "xdp", { ifindex: 5 }],
    [{ type: "struct_ops", mapId: 6 }, "struct_ops", { map_id: 6 }],
    [
      { type: "netfilter", family: 2, hook: 1, priority: -128 },
      "netfilter",
      { pf: 2, hooknum: 1, priority: -128 },
    ],
    [
      { type: "kprobe_multi", count: 3, flags: 1 },
      "kprobe_multi",
      { count: 3, flags: 1 },
    ],
    [
      { type: "tcx", ifindex: 1, attachType: 46 },
      "tcx",
      { ifindex: 1, attach_type: 46 },
    ],
    [
      { type: "netkit", ifindex: 1, attachType: 54 },
      "netkit",
      { ifindex: 1, attach_type: 54 },
    ],
    [
      { type: "sockmap", mapId: 1, attachType: 5 },
      "sockmap",
      { map_id: 1, attach_type: 5 },
    ],
    [
      { type: "perf_event", perfType: 3, offset: 8 },
      "perf_event",
      { type: 3, name: 0n, name_len: 0, offset: 8 },
    ],
    [
      { type: "uprobe_multi", count: 4 },
      "uprobe_multi",
      { path: 0n, path_size: 0, count: 4 },
    ],
  ];
  for (const [spec, detail, expected] of cases) {
    const link = new FakeKernel().addLink({ id: 9, programId: 8, ...spec });
    assertEquals(read(LINK_INFO.id, link.view, 64), 9);
    assertEquals(read(LINK_INFO.prog_id, link.view, 64), 8);
    assertReads(Object(LINK_INFO[detail]), link, expected, detail);
  }
});
