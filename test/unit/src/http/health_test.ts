/** Owns the tests of src/http/health.ts. @module */
import { assertEquals } from "@std/assert";
import { liveness } from "../../../../src/http/health.ts";
import { aCollector } from "./fake_node.ts";

Deno.test("liveness() is ok while no collector missed ten deadlines in a row", () => {
  assertEquals(liveness([]), { healthy: true, text: "ok\n" });
  assertEquals(liveness([aCollector({ overdueInARow: 9 })]), {
    healthy: true,
    text: "ok\n",
  });
});

Deno.test("liveness() names each collector that missed ten", () => {
  const answer = liveness([
    aCollector({ name: "maps" }),
    aCollector({ name: "programs", overdueInARow: 10 }),
    aCollector({ name: "links", overdueInARow: 77 }),
  ]);
  assertEquals(answer, {
    healthy: false,
    text: "collector programs: 10 deadlines missed in a row\n" +
      "collector links: 77 deadlines missed in a row\n",
  });
});
