import { assertEquals } from "@std/assert";
import { cpuEntriesRow } from "../../../../src/commands/check_cpu_entries.ts";
import { someFacts } from "../../../state_builders.ts";

Deno.test("cpuEntriesRow() tells off, there and impossible apart", () => {
  const off = cpuEntriesRow(someFacts());
  assertEquals([off.ok, off.quality], [true, undefined]);
  const there = cpuEntriesRow(someFacts({ mapCpuEntries: {} }));
  assertEquals([there.ok, there.quality], [true, "exact"]);
  const reason = "this kernel has no bpf_map.elem_count";
  const missing = cpuEntriesRow(someFacts({ mapCpuEntries: { reason } }));
  assertEquals([missing.ok, missing.reason], [false, reason]);
  assertEquals(missing.remedy?.includes("Linux 6.6"), true);
});
