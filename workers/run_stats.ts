/**
 * Owns who keeps run-time statistics of programs on, and what they cost here. In: a port, and how the agent is to keep them. Out: facts,
 * and the descriptor that holds them for as long as it is open; for windows what the programs worker opens them with.
 * @module
 */
import {
  enableRunTimeStats,
  errnoName,
  type KernelPort,
  mayEnableRunTimeStats,
  objectId,
} from "../ffi/mod.ts";
import type { StatsProbe } from "./stats_probe.ts";
import { loadStatsProbe } from "./stats_probe_load.ts";
import { sysctlKeepsStats } from "./stats_sysctl.ts";
import type { Window } from "./windows.ts";

/** When runs are to be counted. */
export type RunStatsMode = "off" | "on" | Window;

/** Who keeps run-time statistics of programs on. */
export interface RunStatsFacts {
  /** The agent keeps them, by BPF_ENABLE_STATS: always, or in windows. */
  readonly agent: boolean;
  /** In windows alone. */
  readonly window?: Window;
  /** `kernel.bpf_stats_enabled` is 1; absent where it cannot be read. */
  readonly sysctl?: boolean;
  /** Somebody else holds BPF_ENABLE_STATS, found before the agent's own was opened; absent where it cannot be told. */
  readonly other?: boolean;
  /** One sentence where the agent was asked to hold it and does not. */
  readonly reason?: string;
  /** Run time that statistics tell of an empty program, ns a run: their own floor. Absent where it was not measured. */
  readonly floorNs?: number;
  /** What statistics add to each run of each program, ns. Absent where it was not, or could not be measured. */
  readonly costNs?: number;
  /** One sentence why not, where the agent keeps them. */
  readonly costReason?: string;
}

/** What the worker counts in windows with. Plain data. */
export interface RunStatsHandle {
  readonly window: Window;
  /** Of a program that does nothing; absent where none could be loaded. */
  readonly probeFd?: number;
}

/** What was opened. */
export interface HeldRunStats {
  readonly facts: RunStatsFacts;
  readonly handle?: RunStatsHandle;
  readonly fds: readonly number[];
  /** Ids of the agent's own objects. */
  readonly programIds: readonly number[];
}

/**
 * Opens what is to be held, once whoever else keeps statistics was looked for: afterwards nobody can tell whose they are.
 * @param isDryRun nothing is switched on: the facts say what would be
 */
export function holdRunStats(
  kernel: KernelPort,
  mode: RunStatsMode,
  isDryRun = false,
): HeldRunStats {
  const probe = loadStatsProbe(kernel);
  const found = whoKeepsThem(kernel, probe);
  const isCounted = found.sysctl === true || found.other === true;
  const uncountedNs = mode === "off" || isDryRun || isCounted
    ? undefined
    : probe?.runNs();
  const answer = mode === "off"
    ? undefined
    : isDryRun
    ? mayEnableRunTimeStats(kernel)
    : enableRunTimeStats(kernel);
  const agent = answer !== undefined && answer >= 0;
  const isHeld = agent && !isDryRun;
  const countedNs = isHeld || isCounted ? probe?.countedNs() : undefined;
  const window = agent && typeof mode === "object" ? mode : undefined;
  const facts: RunStatsFacts = {
    agent,
    ...(window === undefined ? {} : { window }),
    ...found,
    ...(answer === undefined || answer >= 0
      ? {}
      : { reason: `BPF_ENABLE_STATS failed: ${errnoName(-answer)}` }),
    ...(countedNs === undefined
      ? {}
      : { floorNs: Math.round(10 * countedNs.toldNs) / 10 }),
    ...(agent
      ? whatTheyCost(countedNs?.runNs, uncountedNs, { isCounted, isHeld })
      : {}),
  };
  const isWindowed = isHeld && window !== undefined;
  if (isWindowed) kernel.close(answer);
  if (probe !== undefined && !isWindowed) kernel.close(probe.fd);
  if (!isWindowed) {
    return { facts, fds: isHeld ? [answer] : [], programIds: [] };
  }
  return {
    facts,
    handle: { window, ...(probe === undefined ? {} : { probeFd: probe.fd }) },
    fds: probe === undefined ? [] : [probe.fd],
    programIds: probe === undefined ? [] : [objectId(kernel, probe.fd)],
  };
}

function whoKeepsThem(
  kernel: KernelPort,
  probe: StatsProbe | undefined,
): Pick<RunStatsFacts, "sysctl" | "other"> {
  const sysctl = sysctlKeepsStats(kernel);
  const counted = probe?.countsRuns();
  return {
    ...(sysctl === undefined ? {} : { sysctl }),
    // With the sysctl on, runs are counted whoever else asks for it.
    ...(counted === undefined || sysctl === true ? {} : { other: counted }),
  };
}

/**
 * @param countedNs what a run takes with statistics, and without; undefined where that was not measured
 * @param isHeld they are on now, so it was tried
 */
function whatTheyCost(
  countedNs: number | undefined,
  uncountedNs: number | undefined,
  { isCounted, isHeld }: { isCounted: boolean; isHeld: boolean },
): Pick<RunStatsFacts, "costNs" | "costReason"> {
  if (!isHeld) return {};
  if (isCounted) {
    return { costReason: "somebody else kept statistics on at start" };
  }
  return countedNs === undefined || uncountedNs === undefined
    ? { costReason: "no program of the agent's own could be run" }
    : { costNs: Math.max(0, countedNs - uncountedNs) };
}
