/** Owns the tests of src/http/operations_readiness.ts. @module */
import { assertEquals, assertMatch } from "@std/assert";
import { operationsReadiness } from "../../../../src/http/operations_readiness.ts";
import { Operations } from "../../../../src/state/operations.ts";
import { anOperationsPass } from "../../../operations_builders.ts";
import { aMap } from "../../../state_builders.ts";

Deno.test("operationsReadiness() tells that nothing is counted unless asked for", () => {
  const { mode, isAttached, cost, busiestMaps } = operationsReadiness({}, {});
  assertEquals([mode, isAttached, cost, busiestMaps], [
    "off",
    false,
    undefined,
    [],
  ]);
});

Deno.test("operationsReadiness() tells the hook, its cost, and the rates that were counted in windows", () => {
  const operations = new Operations(10);
  operations.take(
    anOperationsPass({
      isWindowed: true,
      elapsedMs: 4_000,
      attachedMs: 1_000,
      rows: [[7, "lookup", 50], [9, "update", 80]],
    }),
    { descriptions: [aMap({ id: 7 }), aMap({ id: 9 })], sampledAtMs: 900 },
  );
  const { state } = operations;
  const answer = operationsReadiness({
    operations: {
      mode: { onMs: 1_000, everyMs: 4_000 },
      hook: "tracepoint",
      reason: "fentry: BPF_RAW_TRACEPOINT_OPEN failed: ENOTSUPP",
    },
  }, state === undefined ? {} : { operations: state });
  assertEquals(answer.mode, "window");
  assertEquals(answer.isWindowed, true);
  assertEquals(answer.attachedRatio, 0.25);
  assertEquals(answer.perSecond, 130);
  assertEquals(answer.busiestMaps.map(({ id, perSecond }) => [id, perSecond]), [
    [9, 80],
    [7, 50],
  ]);
  assertMatch(answer.cost ?? "", /^every system call/);
});
