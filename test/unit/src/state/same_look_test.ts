/** Owns the tests of src/state/same_look.ts. @module */
import { assertEquals } from "@std/assert";
import { sameLook } from "../../../../src/state/same_look.ts";
import { aPass, type PassGiven } from "../../../pass_builders.ts";

const LOOK: PassGiven = {
  processes: [{ holds: ["map 1"] }],
  references: [["program 2", "map 1"]],
  pins: [["map 1", "/sys/fs/bpf/m"]],
};

Deno.test("sameLook() is true of what was found, whenever and in whatever time", () => {
  assertEquals(
    sameLook(aPass(LOOK), aPass({ ...LOOK, takenAtMs: 9, durationMs: 9 })),
    true,
  );
});

const OTHERS: Readonly<Record<string, PassGiven>> = {
  "a process less": { ...LOOK, processes: [] },
  "another comm": { ...LOOK, processes: [{ comm: "x", holds: ["map 1"] }] },
  "another start": {
    ...LOOK,
    processes: [{ startedAtMs: 1, holds: ["map 1"] }],
  },
  "another cgroup": { ...LOOK, processes: [{ cgroups: "", holds: ["map 1"] }] },
  "another object held": { ...LOOK, processes: [{ holds: ["map 2"] }] },
  "another reference": { ...LOOK, references: [["program 3", "map 1"]] },
  "a reference less": { ...LOOK, references: [] },
  "another path": { ...LOOK, pins: [["map 1", "/sys/fs/bpf/n"]] },
  "no view of pins": { ...LOOK, pins: "no bpffs is mounted" },
};

for (const [what, other] of Object.entries(OTHERS)) {
  Deno.test(`sameLook() is false with ${what}`, () => {
    assertEquals(sameLook(aPass(LOOK), aPass(other)), false);
    assertEquals(sameLook(aPass(other), aPass(LOOK)), false);
  });
}
