/**
 * Owns the row of `check` on who keeps objects alive. In: what acquire found, a node that was looked at once. Out: the row: what was
 * read and what was not, or why nothing was, and what would give it.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import { formatCount } from "../http/format.ts";
import { WALK_TELLS_NONE, whyNoHolders } from "../http/readiness.ts";
import type { CheckRow, SampledState } from "./check_rows.ts";
import { unavailableRow } from "./unavailable_row.ts";

export function holdersRow(facts: NodeFacts, node: SampledState): CheckRow {
  const snapshot = node.freeze();
  const { holders } = snapshot;
  const row = {
    name: "holders",
    gives: "whose every object is, its pins, and orphans",
  } as const;
  if (holders === undefined) {
    const reason = whyNoHolders(snapshot, node.collectors()) ?? "nobody looked";
    return unavailableRow(row, reason, holdersRemedy(reason, facts));
  }
  const { processes, complete, pinsReason, unknown, graph } = holders;
  const unseen = [...new Set([pinsReason, ...Object.values(unknown)])]
    .filter((why) => why !== undefined);
  const pins = pinsReason === undefined
    ? counted(graph.pinCount, "pin", "pins")
    : "no pins";
  return {
    ...row,
    ok: true,
    backend: "iterator",
    quality: complete && unseen.length === 0 ? "exact" : "lower bound",
    reason: [
      `${counted(processes, "process", "processes")}, ${pins}, ${
        counted(graph.referenceCount, "reference", "references")
      } read`,
      ...unseen,
    ].join("; "),
  };
}

function counted(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** task_file can be iterated since 5.8. */
function holdersRemedy(
  reason: string,
  { missing, kernelBtf }: NodeFacts,
): string {
  if (missing[0] !== undefined) return missing[0].how;
  if (reason === WALK_TELLS_NONE) return "bpfpulse --backend auto";
  return kernelBtf !== undefined && "sizeBytes" in kernelBtf
    ? "run on Linux 5.8 or newer"
    : "run a kernel with CONFIG_DEBUG_INFO_BTF=y, and mount /sys";
}
