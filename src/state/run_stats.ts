/**
 * Owns what is known of the windows in which runs of programs are counted, from window to window and from one life of the worker to the
 * next. In: passes. Out: for how much of the time runs were counted, by whom, and how often programs run.
 * @module
 */
import type { RunStatsFacts } from "../../workers/acquire.ts";
import type { RunStatsPass } from "../../workers/run_stats_model.ts";
import type { Window } from "../../workers/windows.ts";

export interface RunStatsState {
  readonly window: Window;
  /** Part of the time since the start in which runs were counted, at least; undefined before the first window, and while none can be opened. */
  readonly coverageRatio?: number;
  /** Runs of all programs in a second, in the last window. */
  readonly runsPerSecond?: number;
  /** At the last window: somebody else kept statistics on before it, and the sysctl did. Absent where that is not known. */
  readonly isOther?: boolean;
  readonly sysctl?: boolean;
  /** One sentence where no window can be opened. */
  readonly reason?: string;
}

export class RunStats {
  readonly #window: Window;
  #last: RunStatsPass | undefined;
  #reason: string | undefined;
  #elapsedMs = 0;
  #countedMs = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  take(pass: RunStatsPass): void {
    this.#last = pass;
    this.#reason = undefined;
    this.#elapsedMs += pass.elapsedMs;
    this.#countedMs += pass.countedMs;
  }

  failed(reason: string): void {
    this.#reason = reason;
  }

  get state(): RunStatsState {
    const window = this.#window;
    if (this.#reason !== undefined) return { window, reason: this.#reason };
    if (this.#last === undefined) return { window };
    const { isOther, sysctl, runCounts, fromMs, toMs } = this.#last;
    let runs = 0;
    for (const count of runCounts) if (count === count) runs += count;
    return {
      window,
      coverageRatio: this.#countedMs / this.#elapsedMs,
      runsPerSecond: 1_000 * runs / (toMs - fromMs),
      isOther,
      ...(sysctl === undefined ? {} : { sysctl }),
    };
  }
}

type Kept = Pick<RunStatsFacts, "agent" | "window" | "sysctl" | "other">;

/** Part of the time since the start in which runs were counted, at least; undefined where that is not known. */
export function runStatsCoverage(
  { agent, window, sysctl, other }: Kept,
  state: RunStatsState | undefined,
): number | undefined {
  if (window !== undefined) return state?.coverageRatio;
  return agent || sysctl === true || other === true ? 1 : undefined;
}

/** Whether `kernel.bpf_stats_enabled` keeps them, as far as is known. */
export function isSysctlOn(
  { sysctl }: Kept,
  state: RunStatsState | undefined,
): boolean | undefined {
  return state?.sysctl ?? sysctl;
}

/** Whether another process keeps them, now and then at least, as far as is known. */
export function isOtherOn(
  { other }: Kept,
  state: RunStatsState | undefined,
): boolean | undefined {
  return state?.isOther ?? other;
}

export interface RunStatsQuality {
  /** Of runs and run time since the program was loaded, as of what the agent can tell since its own start. */
  readonly totals: "exact" | "lower bound";
  /** Of shares of a CPU. */
  readonly rates: "exact" | "estimated";
}

/** How far what is counted can be trusted; undefined where nobody is known to keep statistics. */
export function runStatsQuality(
  facts: Kept,
  state: RunStatsState | undefined,
): RunStatsQuality | undefined {
  if (facts.window !== undefined) {
    const isWhole = state?.coverageRatio === 1;
    return { totals: isWhole ? "exact" : "lower bound", rates: "estimated" };
  }
  return facts.agent || facts.sysctl === true || facts.other === true
    ? { totals: "exact", rates: "exact" }
    : undefined;
}

/** As `counted 10 % of the time`; of a window where none was read yet. */
export function coveragePhrase(
  { onMs, everyMs }: Window,
  state: Pick<RunStatsState, "coverageRatio" | "reason"> | undefined,
): string {
  if (state?.reason !== undefined) return "not counted now";
  const percent = 100 * (state?.coverageRatio ?? onMs / everyMs);
  return `counted ${Number(percent.toPrecision(2))} % of the time`;
}
