/** Owns the tests of src/state/orphan_reason.ts: what of the kernel keeps an orphan. @module */
import { assertEquals } from "@std/assert";
import type { Named, PassGiven } from "../../../pass_builders.ts";
import { type ObjectGiven, OwnedNode } from "./owned_node.ts";

const XDP = { type: "xdp" };
const LINK = { programId: 1, type: "xdp", target: "ifindex:2" };

const REASONS: readonly (readonly [
  string,
  readonly ObjectGiven[],
  PassGiven,
  Named,
  string,
  string,
])[] = [
  [
    "by the attachment of its link, two steps away",
    ["map 1", ["program 1", XDP], ["link 5", LINK]],
    { references: [["program 1", "map 1"]] },
    "map 1",
    "program",
    "program 1 uses it; link 5 runs that; that is attached to ifindex:2",
  ],
  [
    "by a tc filter",
    [["program 1", { type: "sched_cls" }]],
    {},
    "program 1",
    "attachment",
    "it is attached to a tc filter without a link",
  ],
  [
    "by a cgroup",
    [["program 1", { type: "cgroup_device" }]],
    {},
    "program 1",
    "attachment",
    "it is attached to a cgroup without a link",
  ],
  [
    "by nothing that is known",
    ["map 1"],
    {},
    "map 1",
    "unknown",
    "nothing that the kernel tells keeps it",
  ],
  [
    "by a link that is detached",
    [["link 5", { ...LINK, programId: 0, detached: true }]],
    {},
    "link 5",
    "attachment",
    "it is detached from what it was on",
  ],
  [
    "by a circle",
    [["map 1", { type: "prog_array" }], ["program 1", { type: "tracing" }]],
    { references: [["map 1", "program 1"], ["program 1", "map 1"]] },
    "map 1",
    "program",
    "program 1 uses it",
  ],
  [
    "by a program type that JavaScript has a member of the name of",
    [["program 1", { type: "constructor" }]],
    {},
    "program 1",
    "unknown",
    "nothing that the kernel tells keeps it",
  ],
];

for (const [what, objects, pass, named, keptBy, reason] of REASONS) {
  Deno.test(`orphanReason() tells that an orphan is kept ${what}`, () => {
    const node = new OwnedNode().sample(0, ...objects)
      .pass(1_000, pass).pass(2_000, pass);
    assertEquals(
      node.of(named)?.orphan,
      { keptBy, reason, sinceMs: 1_000 } as never,
    );
  });
}
