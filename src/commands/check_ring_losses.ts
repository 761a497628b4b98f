/**
 * Owns the row of `check` on the counting of ring buffers' losses. In: what acquire found, a node that was looked at once. Out: the row:
 * off, or on and at what price, or why it cannot be had.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import { ringLossesReadiness } from "../http/ring_losses_readiness.ts";
import type { CheckRow, SampledState } from "./check_rows.ts";
import { unavailableRow } from "./unavailable_row.ts";

export function ringLossesRow(
  facts: NodeFacts,
  node: SampledState,
): CheckRow {
  const { mode, isAttached, functions, quality, reason, cost } =
    ringLossesReadiness(facts, node.freeze());
  const row = {
    name: "ring-losses",
    gives: "every event that found no way into a ring buffer, one by one",
  } as const;
  if (mode === "off") {
    return {
      ...row,
      ok: true,
      reason:
        "off, so nothing is attached to ring buffers, whose losses are a lower bound; --ring-losses on counts them",
    };
  }
  if (!isAttached || quality === "unavailable") {
    return unavailableRow(
      row,
      reason ?? "nothing was tried",
      facts.missing[0]?.how ??
        "run Linux 5.16 or later that is older than 6.16 (6.1 and 6.12 were tried) with CONFIG_DEBUG_INFO_BTF=y and CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y",
    );
  }
  return {
    ...row,
    ok: true,
    quality,
    reason: `by fexit on ${functions.join(", ")}; ${cost}`,
  };
}
