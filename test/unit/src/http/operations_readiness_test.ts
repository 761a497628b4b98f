/** Owns the tests of src/http/operations_readiness.ts. @module */
import { assertEquals, assertMatch } from "@std/assert";
import {
  costText,
  operationsReadiness,
} from "../../../../src/http/operations_readiness.ts";
import { Operations } from "../../../../src/state/operations.ts";
import { anOperationsPass } from "../../../operations_builders.ts";
import { aMap } from "../../../state_builders.ts";

Deno.test("operationsReadiness() tells that nothing is counted unless asked for", () => {
  const { mode, isAttached, cost, busiestMaps } = operationsReadiness(
    {},
    {},
    0,
  );
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
      processes: [{ pid: 5, comm: "a" }, { pid: 6, comm: "b" }],
      rows: [[7, "lookup", 50], [9, "update", 60], [9, "lookup", 20, 1]],
    }),
    { descriptions: [aMap({ id: 7 }), aMap({ id: 9 })], sampledAtMs: 900 },
  );
  const { state } = operations;
  const answer = operationsReadiness(
    {
      operations: {
        mode: { onMs: 1_000, everyMs: 4_000 },
        hook: "tracepoint",
        reason: "fentry: BPF_RAW_TRACEPOINT_OPEN failed: ENOTSUPP",
      },
      // Nothing was told for two seconds since.
    },
    state === undefined ? {} : { operations: state },
    3_000,
  );
  assertEquals(answer.mode, "window");
  assertEquals(answer.isWindowed, true);
  assertEquals(answer.attachedRatio, 0.5);
  assertEquals(answer.perSecond, 130);
  assertEquals(
    answer.busiestMaps.map(({ id, perSecond, counted, by }) => [
      id,
      perSecond,
      counted,
      by,
    ]),
    [
      [9, 80, 80, { pid: 5, comm: "a", processes: 1, ratio: 0.75 }],
      [7, 50, 50, { pid: 5, comm: "a", processes: 1, ratio: 1 }],
    ],
  );
  assertMatch(answer.cost ?? "", /bench\/operations.ts measures it$/);
  assertEquals(answer.quality, "estimated");
});

Deno.test("operationsReadiness() calls counts that may miss something a lower bound, and tells what was missed", () => {
  const operations = new Operations(10);
  const qualities: unknown[] = [];
  for (
    const pass of [{ skipped: 0 }, { skipped: 3 }, { skipped: 2, lost: 1 }]
  ) {
    operations.take(anOperationsPass(pass), {
      descriptions: [],
      sampledAtMs: 900,
    });
    const { state } = operations;
    const { quality, skipped, lost } = operationsReadiness(
      { operations: { mode: "on", hook: "fentry" } },
      state === undefined ? {} : { operations: state },
      1_000,
    );
    qualities.push([quality, skipped, lost]);
  }
  assertEquals(qualities, [
    ["exact", 0, 0],
    ["lower bound", 3, 0],
    ["lower bound", 5, 1],
  ]);
});

Deno.test("operationsReadiness() calls counts of operations exact where only loads and failures can be skipped", () => {
  const operations = new Operations(10);
  operations.take(anOperationsPass({ hook: "lsm", skipped: 7 }), {
    descriptions: [],
    sampledAtMs: 900,
  });
  const { state } = operations;
  const { quality, skipped } = operationsReadiness(
    { operations: { mode: "on", hook: "lsm" } },
    state === undefined ? {} : { operations: state },
    1_000,
  );
  assertEquals([quality, skipped], ["exact", 7]);
});

Deno.test("operationsReadiness() tells that a hook without windows is attached before anything was read", () => {
  const attached = (["on", { onMs: 1_000, everyMs: 2_000 }] as const).map(
    (mode) =>
      operationsReadiness({ operations: { mode, hook: "lsm" } }, {}, 0)
        .isAttached,
  );
  assertEquals(attached, [true, false]);
});

Deno.test("costText() tells what was measured at start, and that fentry leaves other calls alone", () => {
  const cost = { bpfNs: 210, otherNs: 0 };
  assertEquals(
    costText({ mode: "on", hook: "fentry", cost }),
    "every bpf() call of the node takes 210 ns longer, other system calls cost what they did; measured at start, run-time statistics of programs included where they were on",
  );
  assertEquals(costText({ mode: "on", reason: "no BTF" }), undefined);
});
