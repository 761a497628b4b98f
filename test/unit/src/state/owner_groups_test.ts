/** Owns the tests of src/state/owner_groups.ts. @module */
import { assertEquals } from "@std/assert";
import {
  knowsOrphans,
  orphanRows,
  ownerGroups,
} from "../../../../src/state/owner_groups.ts";
import { aPass, withHolders } from "../../../pass_builders.ts";
import {
  aBtf,
  aLink,
  aMap,
  aProgram,
  aSnapshot,
} from "../../../state_builders.ts";

const NODE = aSnapshot({
  map: {
    descriptions: [1, 2, 3, 4].map((id) =>
      aMap({ id, keySizeBytes: 4, valueSizeBytes: 4, maxEntries: id })
    ),
  },
  program: { descriptions: [aProgram({ id: 5, type: "xdp" })] },
  link: { descriptions: [aLink({ id: 6, programId: 5 })] },
  btf: { descriptions: [aBtf({ id: 7, name: "vmlinux", kernel: true })] },
});

function brief(snapshot = NODE) {
  return ownerGroups(snapshot).map(({ owner, gone, objects, memoryBytes }) => [
    typeof owner === "string" ? owner : `${owner.comm}${gone ? " gone" : ""}`,
    memoryBytes,
    Object.values(objects).join(" "),
  ]);
}

Deno.test("ownerGroups() counts every object once, under its owner or under why it has none", () => {
  const node = withHolders(
    NODE,
    aPass({
      takenAtMs: 1_000,
      processes: [
        { comm: "agent", holds: ["map 1", "map 2"] },
        { comm: "other", holds: ["map 1", "link 6"] },
      ],
      pins: [["map 3", "/sys/fs/bpf/m"]],
    }),
    aPass({
      takenAtMs: 2_000,
      processes: [{ comm: "agent", holds: ["map 1"] }],
      pins: [["map 3", "/sys/fs/bpf/m"], ["link 6", "/sys/fs/bpf/l"]],
    }),
  );
  assertEquals(brief(node), [
    ["other gone", 200, "0 1 1 0"],
    ["orphan", 32, "1 0 0 0"],
    ["pinned", 24, "1 0 0 0"],
    ["agent gone", 16, "1 0 0 0"],
    ["agent", 8, "1 0 0 0"],
    ["kernel", 0, "0 0 0 1"],
  ]);
  assertEquals(
    orphanRows(node).map(({ type, description: { id } }) => [type, id]),
    [["map", 4]],
  );
});

Deno.test("ownerGroups() calls everything unknown before anybody looked", () => {
  assertEquals(brief(), [["unknown", 280, "4 1 1 0"], [
    "kernel",
    0,
    "0 0 0 1",
  ]]);
  assertEquals(knowsOrphans(NODE, NODE.tables.map), false);
});
