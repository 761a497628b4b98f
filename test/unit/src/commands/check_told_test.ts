import { assertEquals } from "@std/assert";
import { check } from "../../../../src/commands/check.ts";
import type { CheckRow } from "../../../../src/commands/check_rows.ts";
import {
  loadEventsRow,
  mapEntriesRow,
  perfLossesRow,
} from "../../../../src/commands/check_told.ts";
import type { NodeFacts } from "../../../../workers/acquire.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { someFacts } from "../../../state_builders.ts";
import { onceOptions } from "./command_ports.ts";

const MAPS: CheckRow = {
  name: "maps",
  ok: true,
  backend: "iterator",
  quality: "exact",
  reason: "2 read",
  gives: "every map",
};

function rowOf(name: string, kernel: FakeKernel, facts: NodeFacts): CheckRow {
  const { stdout } = check({
    ...onceOptions(kernel),
    facts,
    format: "json",
    require: [],
  });
  return JSON.parse(stdout).checks.find((row: CheckRow) => row.name === name);
}

Deno.test("loadEventsRow() says why there is no stream and what would give it", () => {
  assertEquals(loadEventsRow(someFacts()).ok, true);
  const { ok, reason, remedy } = loadEventsRow(
    someFacts({ loadEvents: { reason: "perf_event_open failed: EINVAL" } }),
  );
  assertEquals(
    [ok, reason, remedy],
    [
      false,
      "perf_event_open failed: EINVAL",
      "run Linux 5.1 or newer, with CONFIG_PERF_EVENTS=y",
    ],
  );
});

Deno.test("mapEntriesRow() tells the walk, an old kernel and missing maps apart", () => {
  const facts = someFacts({ untold: { hashEntries: "no such function" } });
  assertEquals(mapEntriesRow(someFacts(), MAPS).lacks, undefined);
  assertEquals(
    mapEntriesRow(facts, MAPS).lacks,
    "hash maps, before Linux 6.6: no such function",
  );
  assertEquals(
    mapEntriesRow(facts, { ...MAPS, backend: "walk" }).reason,
    "the walk tells nothing of entries",
  );
  const gone = { ...MAPS, ok: false, reason: "EPERM", remedy: "be root" };
  const { ok, reason, remedy } = mapEntriesRow(facts, gone);
  assertEquals([ok, reason, remedy], [false, "EPERM", "be root"]);
});

Deno.test("perfLossesRow() is a lower bound where the kernel keeps no count", () => {
  const facts = someFacts({ untold: { perfLosses: "no lost_samples" } });
  assertEquals(perfLossesRow(someFacts(), MAPS).quality, "exact");
  assertEquals(perfLossesRow(facts, MAPS).quality, "lower bound");
});

Deno.test("missedRunsRow() and verifiedInstructionsRow() name the kernel that tells what this one does not", () => {
  const kernel = new FakeKernel();
  kernel.addProgram({ id: 1 });
  const facts = someFacts({
    untold: { missedRuns: "no misses", verifiedInstructions: "no insns" },
  });
  for (
    const [name, since] of [
      ["missed-runs", "5.12"],
      ["verified-instructions", "5.16"],
    ]
  ) {
    assertEquals(rowOf(name, kernel, someFacts()).ok, true, name);
    const row = rowOf(name, kernel, facts);
    assertEquals(row.ok, false, name);
    assertEquals(row.remedy, `run on Linux ${since} or newer`);
  }
});
