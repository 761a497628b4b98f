/** Owns the tests of src/http/overview_operations.ts. @module */
import {
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { operationsReadiness } from "../../../../src/http/operations_readiness.ts";
import { operationsSection } from "../../../../src/http/overview_operations.ts";
import type { NodeSnapshot } from "../../../../src/state/node_state.ts";
import type { OperationsFacts } from "../../../../workers/operations_model.ts";
import {
  anOperationsPass,
  type OperationsGiven,
  withOperations,
} from "../../../operations_builders.ts";
import { aPass } from "../../../pass_builders.ts";
import { aMap, aSnapshot } from "../../../state_builders.ts";

const HOSTILE = `"><script>x</script>`;
const MAPS = aSnapshot({
  map: {
    descriptions: [aMap({ id: 1, name: HOSTILE }), aMap({ id: 2, name: "" })],
  },
});
const ON: OperationsFacts = {
  mode: "on",
  hook: "tracepoint",
  reason: "fentry: EPERM",
  cost: { bpfNs: 472, otherNs: 265 },
};

function counted(...passes: OperationsGiven[]): NodeSnapshot {
  return withOperations(
    MAPS,
    aPass({ takenAtMs: 900 }),
    passes.map((pass) => anOperationsPass(pass)),
  );
}

async function section(
  facts: OperationsFacts,
  node: NodeSnapshot,
): Promise<string> {
  const answer = operationsReadiness({ operations: facts }, node, 1_000);
  return String(await operationsSection(node, answer)).replace(/\s+/g, " ");
}

Deno.test("operationsSection() is empty where operations are off", async () => {
  assertEquals((await section({ mode: "off" }, MAPS)).trim(), "");
});

Deno.test("operationsSection() tells why nothing is counted though it was asked for", async () => {
  const text = await section({ mode: "on", reason: "fentry: no BTF" }, MAPS);
  assertStringIncludes(text, "unavailable");
  assertStringIncludes(text, "fentry: no BTF");
  assertNotMatch(text, /<table/);
});

Deno.test("operationsSection() shows which map is used most, by whom and how, what managers did, and what it costs, escaped", async () => {
  const text = await section(
    ON,
    counted({
      processes: [{ pid: 7, comm: HOSTILE }, { pid: 8, comm: "quiet" }],
      rows: [[1, "lookup", 900], [1, "update", 100], [2, "delete", 5, 1]],
      loads: [{ tookMs: [0.2, 0.4] }, { errno: 13, tookMs: [0.3] }],
      attachFailures: [[0, 22, 4]],
    }, { takenAtMs: 12_000 }),
  );
  assertNotMatch(text, /<script/);
  assertStringIncludes(text, "observing");
  assertStringIncludes(text, '&lt;/script&gt;<span class="note"> 7, 100 %');
  assertMatch(text, /map 2<\/a>/);
  assertStringIncludes(text, 'lookup<span class="note"> 90 %');
  assertStringIncludes(text, ">1,000</td>");
  assertStringIncludes(text, ">0.30 ms</td>");
  assertStringIncludes(
    text,
    'data-label="Failed attachments" class="number">4<',
  );
  assertStringIncludes(text, "Counted by tracepoint, exact since the start.");
  assertStringIncludes(
    text,
    "every bpf() call of the node takes 472 ns longer",
  );
  assertStringIncludes(text, "every other system call takes 265 ns longer");
  assertStringIncludes(text, "Cheaper hooks cannot be had: fentry: EPERM.");
});

Deno.test("operationsSection() shows a map that a loop of short-lived processes uses as that command's", async () => {
  const text = await section(
    ON,
    counted({
      processes: [
        { pid: 5, comm: "agent" },
        { pid: 7, comm: "bpftool" },
        { pid: 8, comm: "bpftool" },
      ],
      rows: [[1, "update", 4], [1, "update", 3, 1], [1, "update", 3, 2]],
    }, { takenAtMs: 12_000 }),
  );
  assertStringIncludes(text, 'bpftool<span class="note"> 2 processes, 60 %');
  const crowd = Array.from(
    { length: 300 },
    (_, i) => ({ pid: i + 1, comm: "sh" }),
  );
  assertStringIncludes(
    await section(
      ON,
      counted({
        processes: crowd,
        rows: crowd.map((_, i) => [1, "update", 1, i]),
      }, { takenAtMs: 12_000 }),
    ),
    'sh<span class="note"> 256 or more processes, 100 %',
  );
});

Deno.test("operationsSection() says that counts are of windows, and that none is open", async () => {
  const text = await section(
    { ...ON, mode: { onMs: 1_000, everyMs: 4_000 } },
    counted({
      isWindowed: true,
      isAttached: false,
      elapsedMs: 1_000,
      attachedMs: 250,
      rows: [[1, "lookup", 9]],
    }),
  );
  assertStringIncludes(text, "between windows");
  assertStringIncludes(text, "in windows (25 % of the time)");
  assertStringIncludes(text, "In windows</th>");
});

Deno.test("operationsSection() does not call exact what misses something", async () => {
  const text = await section(
    ON,
    counted({ rows: [[1, "lookup", 9]], lost: 3, skipped: 1_200 }),
  );
  assertStringIncludes(text, "lower bound since the start");
  assertStringIncludes(text, "3 found no room.");
  assertStringIncludes(text, "1,200 may be missing");
});
