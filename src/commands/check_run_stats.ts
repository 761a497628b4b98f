/**
 * Owns the rows of `check` on run-time statistics. In: what acquire found. Out: the rows: who keeps them, how far what they give can be
 * trusted, and what they cost here.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import { statsCostPhrase, statsPhrases } from "../http/run_stats_readiness.ts";
import { runStatsQuality } from "../state/run_stats.ts";
import type { CheckRow } from "./check_rows.ts";
import { unavailableRow } from "./unavailable_row.ts";

export function runStatsRow({ runStats, missing }: NodeFacts): CheckRow {
  const row = {
    name: "run-stats",
    gives: "run time, runs and CPU share of programs",
  } as const;
  const quality = runStatsQuality(runStats, undefined);
  if (quality !== undefined) {
    return {
      ...row,
      ok: true,
      quality: quality.rates,
      ...(quality.totals === quality.rates
        ? {}
        : { totalsQuality: quality.totals }),
      reason: statsPhrases(runStats).join("; "),
    };
  }
  const { reason } = runStats;
  return unavailableRow(
    row,
    reason ?? "bpfpulse was asked not to keep them",
    runStatsRemedy(reason, missing),
  );
}

/** What was measured at start, if it could be. */
export function statsCostRow({ runStats }: NodeFacts): CheckRow {
  const row = {
    name: "stats-cost",
    gives: "what run-time statistics add to each run of each program",
  } as const;
  const { agent, costNs, costReason } = runStats;
  if (!agent) {
    return {
      ...row,
      ok: true,
      reason: "bpfpulse keeps no run-time statistics, so it measures nothing",
    };
  }
  const reason = [
    ...(costNs === undefined && costReason === undefined
      ? ["measured when bpfpulse starts, where nobody else keeps them then"]
      : []),
    ...statsCostPhrase(runStats),
  ].join("; ");
  return costReason === undefined
    ? { ...row, ok: true, quality: "estimated", reason }
    : unavailableRow(
      row,
      reason,
      "start bpfpulse while nobody else keeps run-time statistics, with kernel.bpf_stats_enabled=0",
    );
}

function runStatsRemedy(
  reason: string | undefined,
  missing: NodeFacts["missing"],
): string {
  if (reason === undefined) return "bpfpulse --run-stats on";
  // Before 5.8 the kernel has no BPF_ENABLE_STATS, but since 5.1 the sysctl.
  return reason.endsWith("EPERM") && missing[0] !== undefined
    ? missing[0].how
    : "sysctl kernel.bpf_stats_enabled=1";
}
