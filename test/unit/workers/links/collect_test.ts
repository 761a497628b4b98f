import { assertEquals } from "@std/assert";
import { ATTACH_TYPES } from "../../../../ffi/mod.ts";
import { collectLinks } from "../../../../workers/links/collect.ts";
import type { LinkDescription } from "../../../../workers/links/model.ts";
import type { LinkSpec } from "../../../fakes/object_store.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

function collector(kernel: FakeKernel) {
  const leaveOut = { map: [], program: [], link: [], btf: [] };
  const [table] = collectLinks(kernel, { leaveOut }).tables;
  return {
    sample: () => table.sample(),
    syscalls: () => table.syscalls,
    births: () =>
      (table.rows.takeBirths()?.descriptions ?? []) as LinkDescription[],
  };
}

const TARGETS: readonly [LinkSpec, Partial<LinkDescription>][] = [
  [{ type: "raw_tracepoint", targetName: "sched_switch" }, {
    target: "sched_switch",
  }],
  [{ type: "iter", targetName: "bpf_map" }, {
    attachType: "trace_iter",
    target: "bpf_map",
  }],
  [{
    type: "tracing",
    attachType: ATTACH_TYPES.indexOf("trace_fentry"),
    targetObjectId: 1,
    targetBtfId: 77,
  }, { attachType: "trace_fentry", target: "btf:1/77" }],
  [{
    type: "cgroup",
    cgroupId: 2n ** 33n,
    attachType: ATTACH_TYPES.indexOf("cgroup_device"),
  }, { attachType: "cgroup_device", target: `cgroup:${2n ** 33n}` }],
  [{
    type: "netns",
    netnsInode: 4026531840,
    attachType: ATTACH_TYPES.indexOf("sk_lookup"),
  }, { attachType: "sk_lookup", target: "netns:4026531840" }],
  [{ type: "xdp", ifindex: 3 }, { attachType: "xdp", target: "ifindex:3" }],
  [{
    type: "tcx",
    ifindex: 4,
    attachType: ATTACH_TYPES.indexOf("tcx_egress"),
  }, { attachType: "tcx_egress", target: "ifindex:4" }],
  [{ type: "struct_ops", mapId: 9 }, {
    attachType: "struct_ops",
    target: "map:9",
  }],
  [{ type: "netfilter", family: 2, hook: 1, priority: -100 }, {
    attachType: "netfilter",
    target: "ipv4/input/-100",
  }],
  [{ type: "kprobe_multi", count: 12 }, { target: "functions:12" }],
  [{ type: "uprobe_multi", targetName: "/bin/true", count: 2 }, {
    target: "/bin/true",
  }],
  [{ type: "perf_event", perfType: 3, targetName: "do_nanosleep" }, {
    attachType: "perf_event",
    target: "do_nanosleep",
  }],
  [
    { type: "perf_event", perfType: 1, targetName: "/bin/ls", offset: 0x40 },
    { attachType: "perf_event", target: "/bin/ls+0x40" },
  ],
];

for (const [spec, expected] of TARGETS) {
  Deno.test(`collectLinks() says what a ${spec.type} link is attached to: ${expected.target}`, () => {
    const kernel = new FakeKernel();
    kernel.addLink({ id: 6, programId: 40, ...spec });
    const links = collector(kernel);
    assertEquals(links.sample(), { table: "link", skipped: {} });
    const [{ identity: _, ...described }] = links.births();
    assertEquals(described, {
      id: 6,
      type: String(spec.type),
      programId: 40,
      ...expected,
    });
    assertEquals(kernel.openFds, 0);
  });
}

Deno.test("collectLinks() counts the call that asks for a link's name at its birth", () => {
  const kernel = new FakeKernel();
  kernel.addLink({ id: 6, type: "iter", targetName: "bpf_map" });
  const links = collector(kernel);
  links.sample();
  const closes = 1;
  assertEquals(links.syscalls(), kernel.bpfCalls + closes);
  assertEquals(links.syscalls(), 7);
  links.sample();
  assertEquals(links.syscalls(), 7 + 6);
});

Deno.test("collectLinks() tells a link again when its program was replaced, under the same identity", () => {
  const kernel = new FakeKernel();
  const link = kernel.addLink({ id: 6, type: "xdp", ifindex: 2, programId: 1 });
  const links = collector(kernel);
  links.sample();
  const [before] = links.births();
  link.update({ programId: 2 });
  links.sample();
  const [after] = links.births();
  assertEquals([before.programId, after.programId], [1, 2]);
  assertEquals(after.identity, before.identity);
});

Deno.test("collectLinks() tells that a link's device is gone, under the same identity", () => {
  const kernel = new FakeKernel();
  const link = kernel.addLink({ id: 6, type: "xdp", ifindex: 2 });
  const links = collector(kernel);
  links.sample();
  const [before] = links.births();
  link.update({ ifindex: 0 });
  links.sample();
  const [after] = links.births();
  assertEquals([after.target, after.detached], ["ifindex:0", true]);
  assertEquals(after.identity, before.identity);
});

Deno.test("collectLinks() does not tell a link again for a counter that rose", () => {
  const kernel = new FakeKernel();
  const link = kernel.addLink({ id: 6, type: "kprobe_multi", count: 2 });
  const links = collector(kernel);
  links.sample();
  links.births();
  link.update({ missed: 5 });
  links.sample();
  assertEquals(links.births(), []);
});

Deno.test("collectLinks() describes a link whose type it does not know by what all links have", () => {
  const kernel = new FakeKernel();
  kernel.addLink({ id: 6, type: 77, programId: 3 });
  const links = collector(kernel);
  links.sample();
  assertEquals(links.births(), [{
    id: 6,
    identity: "6:type_77:",
    type: "type_77",
    programId: 3,
  }]);
});
