/** Owns the tests of src/state/identity.ts. @module */
import { assertEquals } from "@std/assert";
import { sameObject } from "../../../../src/state/identity.ts";
import type { LinkDescription } from "../../../../workers/links/model.ts";

function link(change: Partial<LinkDescription>): LinkDescription {
  const type = change.type ?? "xdp";
  return {
    id: 4,
    identity: `4:${type}`,
    type,
    programId: 1,
    target: "ifindex:2",
    ...change,
  };
}

Deno.test("sameObject() tells objects apart by their identity", () => {
  const btf = { id: 1, identity: "1:5:x", name: "x", sizeBytes: 5 };
  assertEquals(sameObject("btf", btf, { ...btf }), true);
  assertEquals(sameObject("btf", btf, { ...btf, identity: "1:6:x" }), false);
});

Deno.test("sameObject() takes a link with another program, or without its device, for the same", () => {
  const before = link({});
  assertEquals(sameObject("link", before, link({ programId: 2 })), true);
  const detached = link({ target: "ifindex:0", detached: true });
  assertEquals(sameObject("link", before, detached), true);
});

Deno.test("sameObject() takes a link with another target for another, but for struct_ops, whose map may be replaced", () => {
  assertEquals(
    sameObject("link", link({}), link({ target: "ifindex:3" })),
    false,
  );
  const ops = link({ type: "struct_ops", target: "map:7" });
  assertEquals(sameObject("link", ops, { ...ops, target: "map:9" }), true);
});
