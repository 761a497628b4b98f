/**
 * Owns a program of the agent's own that does nothing: by running it one finds whether runs are counted now, by whomever, and what
 * counting costs. In: a port, its descriptor. Out: plain numbers; undefined where it cannot be run or asked.
 * @module
 */
import {
  type KernelBuffer,
  type KernelPort,
  objectInfo,
  PROG_INFO,
  testRunProgram,
  timeTestRun,
} from "../ffi/sampling.ts";

/** A packet program wants at least an Ethernet header. */
const PACKET_BYTES = 64;
/** The quietest of a few rounds is the least disturbed by others. All of them take some 0.1 ms without statistics, 0.3 with. */
const ROUNDS = 5;
const ROUND_RUNS = 500;

export class StatsProbe {
  readonly #kernel: KernelPort;
  readonly #packet: KernelBuffer;
  readonly #info: KernelBuffer;
  #runCount = NaN;
  #runTimeNs = NaN;

  /** @param fd of such a program, as loadStatsProbe() loads it; its caller closes it */
  constructor(kernel: KernelPort, readonly fd: number) {
    this.#kernel = kernel;
    this.#packet = kernel.allocate(PACKET_BYTES);
    this.#info = kernel.allocate(PROG_INFO.size);
  }

  /** Whether a run is counted now. */
  countsRuns(): boolean | undefined {
    if (!this.#read()) return undefined;
    const before = this.#runCount;
    const { fd } = this;
    if (
      testRunProgram(this.#kernel, fd, this.#packet, PACKET_BYTES, 1) < 0 ||
      !this.#read()
    ) return undefined;
    return this.#runCount > before;
  }

  /** ns that a run takes, as the kernel times a great many of them. */
  runNs(): number | undefined {
    const ns = this.#leastNs(() => 0);
    return ns?.runNs;
  }

  /** The same while runs are counted, and what the statistics say that it takes: of an empty program, so that is their own. */
  countedNs():
    | { readonly runNs: number; readonly toldNs: number }
    | undefined {
    return this.#leastNs(() => {
      const [runs, ns] = [this.#runCount, this.#runTimeNs];
      if (!this.#read() || this.#runCount === runs) return NaN;
      return (this.#runTimeNs - ns) / (this.#runCount - runs);
    });
  }

  #leastNs(
    told: () => number,
  ): { readonly runNs: number; readonly toldNs: number } | undefined {
    let runNs = Infinity;
    let toldNs = Infinity;
    if (!this.#read()) return undefined;
    for (let round = 0; round < ROUNDS; round++) {
      const ns = timeTestRun(
        this.#kernel,
        this.fd,
        this.#packet,
        PACKET_BYTES,
        ROUND_RUNS,
      );
      if (ns < 0) return undefined;
      runNs = Math.min(runNs, ns);
      toldNs = Math.min(toldNs, told());
    }
    return Number.isNaN(toldNs) ? undefined : { runNs, toldNs };
  }

  /** False where this kernel keeps no such counts. */
  #read(): boolean {
    const { run_cnt, run_time_ns } = PROG_INFO;
    this.#info.bytes.fill(0);
    const filled = objectInfo(
      this.#kernel,
      this.fd,
      this.#info,
      PROG_INFO.size,
    );
    if (filled < run_cnt.offset + run_cnt.size) return false;
    this.#runCount = run_cnt.get(this.#info.view, run_cnt.offset);
    this.#runTimeNs = run_time_ns.get(this.#info.view, run_time_ns.offset);
    return true;
  }
}
