/**
 * Owns what the API tells of runs that are counted in windows: how far run times, runs and ratios can be trusted. In: the state of the
 * windows. Out: a schema, and plain values that it describes; nothing where runs are counted always, or never.
 * @module
 */
import * as v from "valibot";
import { runStatsQuality, type RunStatsState } from "../../state/run_stats.ts";
import type { Loose } from "./owned.ts";
import { Count, described, Ratio, Text } from "./schema_parts.ts";

export const RunStatsWindows = described(
  v.strictObject({
    on_ms: Count,
    every_ms: Count,
    coverage_ratio: v.optional(
      described(Ratio, "of the time since the agent's start, at least"),
    ),
    totals_quality: described(
      v.picklist(["exact", "lower bound"]),
      "of run_time_ns and run_count, which are the kernel's own counts",
    ),
    rates_quality: described(v.picklist(["estimated"]), "of cpu_ratio"),
    reason: v.optional(described(Text, "why no window can be opened")),
  }),
  "where runs of programs are counted in windows alone: cpu_ratio is of the last one",
);

export function runStatsJson(
  state: RunStatsState | undefined,
): Loose<v.InferOutput<typeof RunStatsWindows>> | undefined {
  if (state === undefined) return undefined;
  const { window, coverageRatio, reason } = state;
  const quality = runStatsQuality({ agent: true, window }, state);
  return {
    on_ms: window.onMs,
    every_ms: window.everyMs,
    coverage_ratio: coverageRatio,
    totals_quality: quality?.totals ?? "lower bound",
    rates_quality: "estimated",
    reason,
  };
}
