/**
 * Owns what is found out between two windows: whether somebody else has runs counted, and whether all the time. In: a program that does
 * nothing, run at both ends of the gap, and in it while it was counted each time; and the table of programs, as it is sampled
 * anyway. Out: a verdict.
 * @module
 */
import type { KernelPort } from "../../ffi/sampling.ts";
import type { Rows } from "../rows.ts";
import type { ObjectType } from "../protocol.ts";
import { StatsProbe } from "../stats_probe.ts";
import { PROGRAM_COLUMNS } from "./model.ts";

const RUN_COUNT = PROGRAM_COLUMNS.indexOf("runCount");

export interface GapVerdict {
  /** Something was counted while no window was open. */
  readonly isOther: boolean;
  /** Whenever one looked, runs were counted. */
  readonly isCounted: boolean;
}

export class StatsGap {
  readonly #probe: StatsProbe | undefined;
  #isOther = false;
  #isCounted = false;
  /** All runs of all programs at the last sample of this gap, and which programs those were; NaN before the first. */
  #runs = NaN;
  #programs = 0;
  #newest = 0;

  /** @param probeFd of a program that does nothing; without one nobody can say that runs were counted all the time */
  constructor(kernel: KernelPort, probeFd: number | undefined) {
    this.#probe = probeFd === undefined
      ? undefined
      : new StatsProbe(kernel, probeFd);
  }

  begin(): void {
    this.#isOther = false;
    this.#runs = NaN;
    this.#isCounted = true;
    this.#look();
  }

  /** The table was sampled. Allocates nothing. */
  sampled(rows: Rows<ObjectType>): void {
    if (this.#isCounted) this.#look();
    const { count, columns } = rows.columns;
    const runCounts = columns[RUN_COUNT];
    let runs = 0;
    for (let row = 0; row < count; row++) runs += runCounts[row];
    const areTheSame = this.#programs === count &&
      this.#newest === rows.birthSeq;
    if (areTheSame && runs > this.#runs) this.#isOther = true;
    this.#runs = runs;
    this.#programs = count;
    this.#newest = rows.birthSeq;
  }

  end(): GapVerdict {
    this.#look();
    return { isOther: this.#isOther, isCounted: this.#isCounted };
  }

  #look(): void {
    const counts = this.#probe?.countsRuns() === true;
    this.#isOther ||= counts;
    this.#isCounted &&= counts;
  }
}
