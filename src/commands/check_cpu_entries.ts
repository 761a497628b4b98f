/**
 * Owns the row of `check` on the entries that each CPU counted of maps. In: what acquire found. Out: the row: off, there, or why not.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type { CheckRow } from "./check_rows.ts";
import { unavailableRow } from "./unavailable_row.ts";

export function cpuEntriesRow({ mapCpuEntries, missing }: NodeFacts): CheckRow {
  const row = {
    name: "map-cpu-entries",
    gives: "entries of hash maps as each CPU counted them",
  } as const;
  if (mapCpuEntries === undefined) {
    return {
      ...row,
      ok: true,
      reason: "off, so nobody looks; --map-cpu-entries serves them",
    };
  }
  const { reason } = mapCpuEntries;
  return reason === undefined
    ? { ...row, ok: true, quality: "exact", reason: "counted by the kernel" }
    : unavailableRow(
      row,
      reason,
      missing[0]?.how ??
        "run Linux 6.6 or newer, with CONFIG_DEBUG_INFO_BTF=y, and --backend auto",
    );
}
