/** Owns the tests of src/metrics/manager_metrics.ts and operation_metrics.ts: what is absent, and when. @module */
import { assertEquals } from "@std/assert";
import type { OperationsPass } from "../../../../workers/operations_model.ts";
import {
  anOperationsPass,
  withOperations,
} from "../../../operations_builders.ts";
import { aPass, withHolders } from "../../../pass_builders.ts";
import { aMap, aProgram, aSnapshot, aState } from "../../../state_builders.ts";
import { anExposition, linesOf, pageOf } from "./pages.ts";

const MANAGER = "odigos_ebpf_instrumentation_manager";
const LOOK = aPass({
  takenAtMs: 2_000,
  processes: [{ comm: "a", holds: ["map 1", "program 5"] }],
});

function page(recursionMisses: readonly number[], ...passes: OperationsPass[]) {
  const snapshot = aSnapshot({
    map: { descriptions: [aMap({ id: 1 })] },
    program: {
      descriptions: [aProgram({ id: 5 })],
      columns: { recursionMisses },
    },
  });
  const held = withHolders(snapshot, LOOK);
  return pageOf(anExposition({
    state: aState(withOperations(held, LOOK, passes)),
  }));
}

const COUNTED = {
  processes: [{ comm: "a" }],
  rows: [[1, "lookup", 3]],
  loads: [{ errno: 22, tookMs: [1] }],
} as const;

Deno.test("managerMetrics without a hook tell what is held and what was missed, and nothing else", async () => {
  const text = await page([4]);
  assertEquals(linesOf(text, `${MANAGER}_loaded_programs`), [
    `${MANAGER}_loaded_programs{manager="a"} 1`,
  ]);
  assertEquals(linesOf(text, `${MANAGER}_program_errors_total`), [
    `${MANAGER}_program_errors_total{manager="a",kind="missed_run",errno=""} 4`,
  ]);
  for (const what of ["map_lookups_total", "map_updates_total"]) {
    assertEquals(linesOf(text, `${MANAGER}_${what}`), []);
  }
  assertEquals(linesOf(text, "odigos_ebpf_map_operations_total"), []);
});

Deno.test("managerMetrics tell no missed runs where the kernel does not", async () => {
  const text = await page([]);
  assertEquals(linesOf(text, `${MANAGER}_program_errors_total`), []);
});

Deno.test("managerMetrics with a hook tell 0 of what did not happen", async () => {
  const text = await page([0], anOperationsPass(COUNTED));
  assertEquals(linesOf(text, `${MANAGER}_map_lookups_total`), [
    `${MANAGER}_map_lookups_total{manager="a"} 3`,
  ]);
  assertEquals(linesOf(text, `${MANAGER}_map_updates_total`), [
    `${MANAGER}_map_updates_total{manager="a"} 0`,
  ]);
  assertEquals(
    linesOf(text, `${MANAGER}_program_load_duration_ms_bucket`).slice(3, 5),
    [
      `${MANAGER}_program_load_duration_ms_bucket{le="1.0",manager="a"} 0`,
      `${MANAGER}_program_load_duration_ms_bucket{le="2.5",manager="a"} 1`,
    ],
  );
});

Deno.test("what was counted in windows is no total, and has no series", async () => {
  const text = await page(
    [0],
    anOperationsPass({ ...COUNTED, isWindowed: true }),
  );
  for (
    const name of [
      "odigos_ebpf_map_operations_total",
      `${MANAGER}_map_lookups_total`,
      `${MANAGER}_program_load_duration_ms_count`,
    ]
  ) assertEquals(linesOf(text, name), []);
  assertEquals(linesOf(text, `${MANAGER}_program_errors_total`).length, 1);
  assertEquals(
    linesOf(text, "odigos_ebpf_collector_operations_attached"),
    ['odigos_ebpf_collector_operations_attached{hook="tracepoint"} 1'],
  );
});
