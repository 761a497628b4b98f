/** Owns the tests of src/state/holding_graph.ts: who holds what, and through what. @module */
import { assertEquals } from "@std/assert";
import { aPass, keyOf } from "../../../pass_builders.ts";
import { OwnedNode } from "./owned_node.ts";

const XDP = { type: "xdp" };

Deno.test("HoldingGraph.holdersOf() lists everyone once: by descriptor, then through others, the oldest first", () => {
  const node = new OwnedNode().sample(0, "map 1", ["program 1", XDP]).pass(
    1_000,
    {
      processes: [
        { pid: 4, startedAtMs: 40, holds: ["map 1", "program 1"] },
        { pid: 3, startedAtMs: 30, holds: ["program 1"] },
        { pid: 2, startedAtMs: 20, holds: ["map 1"] },
      ],
      references: [["program 1", "map 1"]],
    },
  );
  const { direct, indirect } = node.owners.state?.graph.holdersOf(
    keyOf("map 1"),
  ) ?? { direct: [], indirect: [] };
  assertEquals(direct.map(({ owner }) => owner.pid), [2, 4]);
  assertEquals(
    indirect.map(({ owner, through }) => [owner.pid, through]),
    [[3, keyOf("program 1")]],
  );
});

Deno.test("HoldingGraph takes numbers that no pass should have", () => {
  const node = new OwnedNode().sample(0, "map 1");
  node.owners.take(
    {
      ...aPass({ processes: [{ holds: ["map 1"] }] }),
      holds: Uint32Array.of(9, 0, 1, 0, 77, 1, 0),
      references: Uint32Array.of(0, 1, 0, 1, 9, 9, 9, 9, 1),
    },
    {
      map: rows(),
      program: rows(),
      link: rows(),
      btf: rows(),
    } as never,
  );
  const graph = node.owners.state?.graph;
  assertEquals(graph?.holdersOf(keyOf("map 1")), { direct: [], indirect: [] });
  assertEquals(graph?.ownerOf(graph.nodeOf(keyOf("map 1"))), undefined);
});

function rows() {
  return { descriptions: [], seenAtMs: new Float64Array(0), sampled: true };
}
