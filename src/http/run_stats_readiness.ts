/**
 * Owns the answer to "are runs of programs counted, for how much of the time, and what does that cost?". In: what was found at start,
 * what the last window told. Out: plain values for /readyz, and phrases for people.
 * @module
 */
import type { RunStatsFacts } from "../../workers/acquire.ts";
import { windowPhrase } from "../config/window_mode.ts";
import {
  coveragePhrase,
  isOtherOn,
  isSysctlOn,
  runStatsCoverage,
  type RunStatsQuality,
  runStatsQuality,
  type RunStatsState,
} from "../state/run_stats.ts";

export type RunStatsReadiness = RunStatsFacts & {
  /** Part of the time since the start in which runs were counted, at least; undefined where nobody is known to keep them. */
  readonly coverageRatio?: number;
  /** Of runs and run time. */
  readonly totalsQuality?: RunStatsQuality["totals"];
  /** Of CPU shares. */
  readonly ratesQuality?: RunStatsQuality["rates"];
};

export function runStatsReadiness(
  facts: RunStatsFacts,
  state: RunStatsState | undefined,
): RunStatsReadiness {
  const quality = runStatsQuality(facts, state);
  const coverage = runStatsCoverage(facts, state);
  const sysctl = isSysctlOn(facts, state);
  const other = isOtherOn(facts, state);
  const reason = state?.reason ?? facts.reason;
  return {
    ...facts,
    ...(sysctl === undefined ? {} : { sysctl }),
    ...(other === undefined ? {} : { other }),
    ...(reason === undefined ? {} : { reason }),
    ...(coverage === undefined
      ? {}
      : { coverageRatio: Number(coverage.toPrecision(3)) }),
    ...(quality === undefined ? {} : {
      totalsQuality: quality.totals,
      ratesQuality: quality.rates,
    }),
  };
}

/** Who keeps them. */
export function statsPhrases(
  { agent, window, sysctl, other }: RunStatsFacts,
): string[] {
  return [
    ...(agent && window === undefined
      ? ["bpfpulse keeps them while it runs"]
      : []),
    ...(agent && window !== undefined
      ? [
        `bpfpulse keeps them ${
          windowPhrase(window)
        }: CPU shares are estimates, totals lower bounds, ${
          coveragePhrase(window, undefined)
        }`,
      ]
      : []),
    ...(sysctl ? ["kernel.bpf_stats_enabled is 1"] : []),
    ...(other ? ["another process keeps them"] : []),
  ];
}

/** What they cost; nothing where it was not measured. */
export function statsCostPhrase(
  { floorNs, costNs, costReason }: RunStatsFacts,
): string[] {
  return [
    ...(costNs === undefined
      ? costReason === undefined
        ? []
        : [`what they cost cannot be measured: ${costReason}`]
      : [`they add ${costNs} ns to each run of a program`]),
    ...(floorNs === undefined
      ? []
      : [`they tell ${floorNs} ns of a run of an empty program`]),
  ];
}

/** How far runs and run time can be trusted, as `lower bound, counted 10 % of the time`. */
export function totalsPhrase(
  { window, totalsQuality, ...answer }: RunStatsReadiness,
): string {
  return totalsQuality === "lower bound" && window !== undefined
    ? `${totalsQuality}, ${coveragePhrase(window, answer)}`
    : totalsQuality ?? "unavailable";
}
