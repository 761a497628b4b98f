/** Owns the tests of src/state/owners.ts: who owns what, and what nobody keeps but the kernel. @module */
import { assertEquals } from "@std/assert";
import { HELD_TYPES } from "../../../../workers/links/holders_model.ts";
import { TYPES_BY_NUMBER } from "../../../../src/state/object_nodes.ts";
import { type Named, type PassGiven } from "../../../pass_builders.ts";
import { type ObjectGiven, OwnedNode } from "./owned_node.ts";

/** What is known of each object after two passes that saw the same. */
interface Case {
  readonly what: string;
  readonly objects: readonly ObjectGiven[];
  readonly pass: PassGiven;
  /** The owner's pid. */
  readonly owners: Readonly<Record<string, number | undefined>>;
  readonly orphans?: readonly Named[];
}

const XDP = { type: "xdp" };
const LINK = { programId: 1, type: "xdp", target: "ifindex:2" };

const CASES: readonly Case[] = [
  {
    what: "a descriptor alone",
    objects: ["map 1"],
    pass: { processes: [{ pid: 7, holds: ["map 1"] }] },
    owners: { "map 1": 7 },
  },
  {
    what: "a pin alone",
    objects: ["map 1", ["program 1", XDP]],
    pass: {
      pins: [["program 1", "/sys/fs/bpf/p"]],
      references: [["program 1", "map 1"]],
    },
    owners: { "map 1": undefined, "program 1": undefined },
  },
  {
    what: "a link alone, which a process holds",
    objects: ["map 1", ["program 1", XDP], ["link 1", LINK]],
    pass: {
      processes: [{ pid: 7, holds: ["link 1"] }],
      references: [["program 1", "map 1"]],
    },
    owners: { "link 1": 7, "program 1": 7, "map 1": 7 },
  },
  {
    what: "a descriptor that was passed on to an older process",
    objects: ["map 1"],
    pass: {
      processes: [
        { pid: 7, startedAtMs: 50, holds: ["map 1"] },
        { pid: 3, startedAtMs: 20, holds: ["map 1"] },
      ],
    },
    owners: { "map 1": 3 },
  },
  {
    what: "a holder that forked",
    objects: ["map 1"],
    pass: {
      processes: [
        { pid: 8, startedAtMs: 60, holds: ["map 1"] },
        { pid: 7, startedAtMs: 50, holds: ["map 1"] },
      ],
    },
    owners: { "map 1": 7 },
  },
  {
    what: "two that started in the same tick",
    objects: ["map 1"],
    pass: {
      processes: [
        { pid: 9, startedAtMs: 50, holds: ["map 1"] },
        { pid: 8, startedAtMs: 50, holds: ["map 1"] },
      ],
    },
    owners: { "map 1": 8 },
  },
  {
    what: "a link that a pin keeps, its process gone",
    objects: [["program 1", XDP], ["link 1", LINK]],
    pass: { pins: [["link 1", "/sys/fs/bpf/l"]] },
    owners: { "program 1": undefined, "link 1": undefined },
  },
  {
    what: "an inner map",
    objects: ["map 1", "map 2"],
    pass: {
      processes: [{ pid: 7, holds: ["map 1"] }],
      references: [["map 1", "map 2"]],
    },
    owners: { "map 1": 7, "map 2": 7 },
  },
  {
    what: "a program in an array for tail calls, which refer to each other",
    objects: [
      ["map 1", { type: "prog_array" }],
      ["program 1", XDP],
      ["program 2", XDP],
    ],
    pass: {
      processes: [{ pid: 7, holds: ["map 1"] }],
      references: [
        ["map 1", "program 2"],
        ["program 2", "map 1"],
        ["program 1", "map 1"],
      ],
    },
    owners: { "map 1": 7, "program 2": 7, "program 1": undefined },
    orphans: ["program 1"],
  },
  {
    what: "struct_ops, whose link holds the map that holds the programs",
    objects: [
      ["map 1", { type: "struct_ops", btfId: 4 }],
      ["program 1", { type: "struct_ops", btfId: 4 }],
      ["link 1", { type: "struct_ops", programId: 0, target: "map:1" }],
      "btf 4",
    ],
    pass: {
      processes: [{ pid: 7, holds: ["link 1"] }],
      references: [["map 1", "program 1"]],
    },
    owners: { "link 1": 7, "map 1": 7, "program 1": 7, "btf 4": 7 },
  },
  {
    what: "direct before indirect, however old",
    objects: ["map 1", ["program 1", XDP]],
    pass: {
      processes: [
        { pid: 3, startedAtMs: 20, holds: ["program 1"] },
        { pid: 7, startedAtMs: 50, holds: ["map 1"] },
      ],
      references: [["program 1", "map 1"]],
    },
    owners: { "program 1": 3, "map 1": 7 },
  },
  {
    what: "a tc filter of which nobody has anything",
    objects: ["map 1", ["program 1", { type: "sched_cls", btfId: 4 }], "btf 4"],
    pass: { references: [["program 1", "map 1"]] },
    owners: { "program 1": undefined },
    orphans: ["map 1", "program 1", "btf 4"],
  },
  {
    what: "what a descriptor may keep that no pass sees",
    objects: [
      "map 1",
      ["map 2", { type: "ringbuf" }],
      ["map 3", { type: "array", flags: 1024 }],
      ["program 1", { type: "kprobe" }],
      ["program 2", { type: "socket_filter" }],
    ],
    pass: { references: [["program 1", "map 1"]] },
    owners: {},
  },
  {
    what: "BTF of the kernel and of modules",
    objects: [
      ["btf 1", { name: "vmlinux", kernel: true }],
      ["btf 2", { name: "nf_conntrack" }],
      ["btf 3", { name: "", kernel: false }],
    ],
    pass: {},
    owners: {},
    orphans: ["btf 3"],
  },
];

for (const { what, objects, pass, owners, orphans = [] } of CASES) {
  Deno.test(`Owners.take() knows the owner and the orphans: ${what}`, () => {
    const node = new OwnedNode().sample(0, ...objects)
      .pass(1_000, pass).pass(2_000, pass);
    for (const [named, pid] of Object.entries(owners)) {
      assertEquals([named, node.ownerOf(named as Named)], [named, pid]);
    }
    assertEquals(node.orphans(), [...orphans]);
  });
}

Deno.test("a pass numbers types as the links worker does", () => {
  assertEquals(TYPES_BY_NUMBER, HELD_TYPES);
});

const HELD: PassGiven = { processes: [{ pid: 7, holds: ["map 1"] }] };

Deno.test("Owners.take() keeps the last known owner, marked as gone since the first pass without it", () => {
  const node = new OwnedNode().sample(0, "map 1").pass(1_000, HELD);
  node.pass(2_000, { pins: [["map 1", "/sys/fs/bpf/m"]] });
  node.pass(3_000, { pins: [["map 1", "/sys/fs/bpf/m"]] });
  assertEquals(node.ownerOf("map 1"), -7);
  assertEquals(node.of("map 1")?.ownerGoneAtMs, 2_000);
  assertEquals(node.of("map 1")?.owner?.comm, "holder1");
  node.pass(4_000, { processes: [{ pid: 9, holds: ["map 1"] }] });
  assertEquals(node.ownerOf("map 1"), 9);
});

Deno.test("Owners.take() shows what a holder became by execve, under the same pid and start", () => {
  const node = new OwnedNode().sample(0, "map 1").pass(1_000, HELD);
  node.pass(2_000, {
    processes: [{ pid: 7, comm: "became", holds: ["map 1"] }],
  });
  assertEquals(node.of("map 1")?.owner?.comm, "became");
  assertEquals(node.of("map 1")?.ownerGoneAtMs, undefined);
});

Deno.test("Owners.take() tells container, pod and unit of the owner", () => {
  const id = "a".repeat(64);
  const node = new OwnedNode().sample(0, "map 1").pass(1_000, {
    processes: [{ holds: ["map 1"], cgroups: `0::/docker/${id}\n` }],
  });
  const { containerId, podUid, unit } = node.of("map 1")?.owner ?? {};
  assertEquals([containerId, podUid, unit], [id, "", ""]);
});

Deno.test("Owners.take() calls nothing an orphan after one pass, nor after two that nearly coincide", () => {
  const node = new OwnedNode().sample(0, "map 1").pass(1_000);
  assertEquals(node.orphans(), []);
  assertEquals(node.owners.state?.orphansReason !== undefined, true);
  assertEquals(node.pass(1_100).orphans(), []);
  assertEquals(node.pass(1_500).orphans(), ["map 1"]);
  assertEquals(node.of("map 1")?.orphan?.sinceMs, 1_000);
  assertEquals(node.owners.state?.orphansReason, undefined);
});

Deno.test("Owners.take() calls nothing an orphan that is on its way out", () => {
  const node = new OwnedNode().sample(0, "map 1", "map 2").pass(1_000, HELD);
  node.pass(2_000);
  node.sample(2_100, "map 2").pass(3_000);
  assertEquals(node.orphans(), ["map 2"]);
});

Deno.test("Owners.take() counts no pass that was cut short towards an orphan", () => {
  const node = new OwnedNode().sample(0, "map 1");
  node.pass(1_000, { complete: false }).pass(2_000, { complete: false });
  assertEquals(node.orphans(), []);
  node.pass(3_000).pass(4_000, { complete: false });
  assertEquals(node.orphans(), []);
  assertEquals(node.pass(5_000).orphans(), ["map 1"]);
  assertEquals(node.pass(6_000, { complete: false }).orphans(), ["map 1"]);
  assertEquals(
    node.pass(7_000, { complete: false, ...HELD }).orphans(),
    [],
  );
});

Deno.test("Owners.take() takes no owner for gone by a pass that was cut short", () => {
  const node = new OwnedNode().sample(0, "map 1").pass(1_000, HELD);
  assertEquals(node.pass(2_000, { complete: false }).ownerOf("map 1"), 7);
});

Deno.test("Owners.take() calls nothing an orphan while pins cannot be read, and begins anew afterwards", () => {
  const blind = { pins: "no bpffs is mounted" };
  const node = new OwnedNode().sample(0, "map 1").pass(1_000).pass(2_000);
  assertEquals(node.orphans(), ["map 1"]);
  assertEquals(node.pass(3_000, blind).orphans(), []);
  assertEquals(
    node.owners.state?.orphansReason,
    "pins cannot be read: no bpffs is mounted",
  );
  assertEquals(node.pass(4_000).orphans(), []);
  assertEquals(node.pass(5_000).orphans(), ["map 1"]);
});

Deno.test("Owners.take() calls nothing an orphan while a table is not read", () => {
  const node = new OwnedNode().sample(0, "map 1").stale("link");
  assertEquals(node.pass(1_000).pass(2_000).orphans(), []);
  assertEquals(
    node.owners.state?.orphansReason,
    "the links could not be read",
  );
});

Deno.test("Owners.take() calls no object an orphan by a pass that began before it was seen", () => {
  const node = new OwnedNode().sample(0, "map 1").pass(1_000);
  node.sample(1_001, "map 1", "map 2").pass(2_000).pass(2_400);
  assertEquals(node.orphans(), ["map 1"]);
  assertEquals(node.pass(3_000).orphans(), ["map 1", "map 2"]);
});

Deno.test("Owners.rowsChanged() gives a reused id nothing of the object before", () => {
  const node = new OwnedNode().sample(0, "map 1").pass(1_000, HELD);
  node.sample(1_500, ["map 1", { identity: "another" }]);
  assertEquals(node.of("map 1"), undefined);
  // This one was taken before the new object was seen: it may speak of either.
  node.pass(1_400, HELD);
  assertEquals(node.of("map 1"), undefined);
  assertEquals(node.pass(2_000, HELD).ownerOf("map 1"), 7);
});

Deno.test("Owners.rowsChanged() gives a reused id nothing after a sample without any either", () => {
  const node = new OwnedNode().sample(0, "map 1").pass(1_000, HELD);
  node.sample(1_500).sample(1_600, ["map 1", { identity: "another" }]);
  assertEquals(node.of("map 1"), undefined);
});

Deno.test("Owners.rowsChanged() gives what a pass said to an object that its table shows a moment later", () => {
  const node = new OwnedNode().sample(0).pass(1_000, HELD);
  assertEquals(node.sample(1_200, "map 1").ownerOf("map 1"), 7);
  const late = new OwnedNode().sample(0).pass(1_000, HELD);
  assertEquals(late.sample(9_000, "map 1").of("map 1"), undefined);
});

Deno.test("Owners.rowsChanged() keeps rows beside those that come and go", () => {
  const node = new OwnedNode().sample(0, "map 3", "map 5", "map 9")
    .pass(1_000, { processes: [{ pid: 7, holds: ["map 5"] }] });
  node.sample(5_000, "map 2", "map 5", "map 12");
  assertEquals(node.ownerOf("map 5"), 7);
  assertEquals(node.of("map 2"), undefined);
  assertEquals(node.of("map 12"), undefined);
});

Deno.test("Owners.take() calls nothing an orphan of a type that something unseen may keep", () => {
  const pass = { unknown: { program: "cgroups cannot be read" } };
  const node = new OwnedNode().sample(0, "map 1", ["program 1", XDP])
    .pass(1_000, pass).pass(2_000, pass);
  assertEquals(node.orphans(), ["map 1"]);
  assertEquals(node.pass(3_000).pass(4_000).orphans(), ["map 1", "program 1"]);
});
