/**
 * Owns the rows of `check` on ring and perf buffers. In: what acquire found, a node that was looked at once. Out: one row a kind: how many
 * there are and how well they are known, or why nothing is, and what would give it.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import { bufferKinds } from "../state/buffer_readings.ts";
import type { CheckRow, SampledState } from "./check_rows.ts";
import { unavailableRow } from "./unavailable_row.ts";

const BUFFER_GIVES = {
  "ring-buffers":
    "of every ring buffer: events, bytes, what is pending, signs of losses",
  "perf-buffers":
    "of every perf buffer: events, events lost, bytes, what is pending",
} as const;

export function bufferRow(
  name: keyof typeof BUFFER_GIVES,
  facts: NodeFacts,
  node: SampledState,
): CheckRow {
  const kinds = bufferKinds(node.freeze());
  const found = name === "ring-buffers" ? kinds?.ring : kinds?.perf;
  const row = { name, gives: BUFFER_GIVES[name] };
  if (found?.available === true) {
    const { quality, reason } = found;
    return { ...row, ok: true, backend: "iterator", quality, reason };
  }
  const hasTypes = facts.kernelBtf !== undefined &&
    "sizeBytes" in facts.kernelBtf;
  return unavailableRow(
    row,
    found?.reason ?? "nobody looked",
    facts.missing[0]?.how ??
      (hasTypes
        ? "bpfpulse --backend auto"
        : "run Linux 5.8 or newer, with CONFIG_DEBUG_INFO_BTF=y and /sys mounted"),
  );
}
