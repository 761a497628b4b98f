/**
 * Owns the measurement of what run-time statistics cost a node. In: a port. Out: times of an empty program's run with and without them, or
 * why there are none. Nothing stays on.
 * @module
 */
import { enableRunTimeStats, errnoName, type KernelPort } from "../ffi/mod.ts";
import { loadStatsProbe } from "./stats_probe_load.ts";

/** What a run takes, and what statistics tell that it takes, ns, round by round; each round by the quietest of a few times 500 runs. */
export interface StatsCost {
  readonly uncountedNs: readonly number[];
  readonly countedNs: readonly number[];
  readonly toldNs: readonly number[];
}

/** With and without take turns, so that whatever else the machine does meets both alike. */
const ROUNDS = 15;

/** Answers why not, as a part of a sentence. */
export function measureStatsCost(kernel: KernelPort): StatsCost | string {
  const probe = loadStatsProbe(kernel);
  if (probe === undefined) return "no program of its own could be loaded";
  const cost = {
    uncountedNs: [] as number[],
    countedNs: [] as number[],
    toldNs: [] as number[],
  };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if (probe.countsRuns() !== false) {
        return "somebody else keeps statistics on, or runs cannot be asked for";
      }
      const uncountedNs = probe.runNs();
      const held = enableRunTimeStats(kernel);
      if (held < 0) return `BPF_ENABLE_STATS failed: ${errnoName(-held)}`;
      const counted = probe.countedNs();
      kernel.close(held);
      if (uncountedNs === undefined || counted === undefined) {
        return "its own program could not be run";
      }
      cost.uncountedNs.push(uncountedNs);
      cost.countedNs.push(counted.runNs);
      cost.toldNs.push(counted.toldNs);
    }
    return cost;
  } finally {
    kernel.close(probe.fd);
  }
}
