/**
 * Owns when run-time statistics are on, where they are kept in windows alone, and what is read of them. In: the table of programs, sampled
 * at both ends of a window beside its ticks. Out: a message for each window. Nothing holds statistics between windows, nor once the
 * process is gone.
 * @module
 */
import {
  enableRunTimeStats,
  errnoName,
  type KernelPort,
} from "../../ffi/sampling.ts";
import type { Aside, AsideMessage } from "../aside.ts";
import type { Collector, TableCollector } from "../collector.ts";
import type { Init } from "../protocol.ts";
import type { RunStatsHandle } from "../run_stats.ts";
import type { RunStatsPass } from "../run_stats_model.ts";
import { sysctlKeepsStats } from "../stats_sysctl.ts";
import { WindowSchedule } from "../windows.ts";
import { CountedRows } from "./counted_rows.ts";
import { StatsGap } from "./stats_gap.ts";

interface OpenWindow {
  /** -1 where the sysctl keeps statistics on, and no descriptor of ours is needed. */
  readonly fd: number;
  readonly openedAtMs: number;
  /** At the start of the sample at its beginning; undefined where that failed. */
  readonly fromMs: number | undefined;
}

export class StatsWindows implements Aside {
  readonly #kernel: KernelPort;
  readonly #schedule: WindowSchedule;
  readonly #onMs: number;
  readonly #table: TableCollector;
  readonly #rows = new CountedRows();
  readonly #gap: StatsGap;
  #window: OpenWindow | undefined;
  #closedAtMs: number;
  #sysctl: boolean | undefined;
  #dueAtMs = -Infinity;
  /** Since the last pass. */
  #elapsedMs = 0;
  #countedMs = 0;
  #isOther = false;
  #toldWhy = "";

  /** @param table of programs */
  constructor(
    kernel: KernelPort,
    { window, probeFd }: RunStatsHandle,
    table: TableCollector,
  ) {
    this.#kernel = kernel;
    this.#table = table;
    this.#closedAtMs = kernel.monotonicMs();
    this.#schedule = new WindowSchedule(window, this.#closedAtMs);
    this.#onMs = window.onMs;
    this.#gap = new StatsGap(kernel, probeFd);
    this.#gap.begin();
  }

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** Which objects there are is nothing that it looks at. */
  renew(): void {}

  /** Nor at how often programs are sampled. */
  retune(): void {}

  sampled(): void {
    if (this.#window === undefined) {
      this.#gap.sampled(this.#table.rows);
    }
  }

  run(): AsideMessage | undefined {
    try {
      return this.#window === undefined
        ? this.#begin()
        : this.#end(this.#window);
    } catch (error) {
      const openedAtMs = this.#window?.openedAtMs;
      this.#close();
      if (openedAtMs !== undefined) {
        this.#account(this.#closedAtMs - openedAtMs, false);
        this.#gap.begin();
      }
      this.#dueAtMs = this.#next();
      return this.#failed(String(error).split("\n", 1)[0]);
    }
  }

  #begin(): AsideMessage | undefined {
    this.#sysctl = sysctlKeepsStats(this.#kernel);
    const gap = this.#gap.end();
    this.#isOther ||= gap.isOther && this.#sysctl !== true;
    const fd = this.#sysctl === true ? -1 : enableRunTimeStats(this.#kernel);
    const openedAtMs = this.#kernel.monotonicMs();
    this.#account(openedAtMs - this.#closedAtMs, gap.isCounted);
    if (fd < 0 && this.#sysctl !== true) {
      this.#closedAtMs = openedAtMs;
      this.#gap.begin();
      this.#dueAtMs = this.#next();
      return this.#failed(`BPF_ENABLE_STATS failed: ${errnoName(-fd)}`);
    }
    // Before the sample: what fails in it must not leave the descriptor.
    this.#window = { fd, openedAtMs, fromMs: undefined };
    const fromMs = this.#sample();
    if (fromMs !== undefined) this.#rows.keep(this.#table.rows.columns);
    this.#window = { fd, openedAtMs, fromMs };
    this.#dueAtMs = openedAtMs + this.#onMs;
    return undefined;
  }

  #end({ fd, openedAtMs, fromMs }: OpenWindow): AsideMessage | undefined {
    const toMs = this.#sample();
    const isWhole = fd >= 0 || sysctlKeepsStats(this.#kernel) === true;
    this.#close();
    this.#account(this.#closedAtMs - openedAtMs, isWhole);
    this.#gap.begin();
    this.#dueAtMs = this.#next();
    if (fromMs === undefined || toMs === undefined || !isWhole) {
      return undefined;
    }
    const counted = this.#rows.since(this.#table.rows.columns);
    const pass: RunStatsPass = {
      fromMs,
      toMs,
      elapsedMs: this.#elapsedMs,
      countedMs: this.#countedMs,
      isOther: this.#isOther,
      ...(this.#sysctl === undefined ? {} : { sysctl: this.#sysctl }),
      ...counted,
    };
    this.#elapsedMs = this.#countedMs = 0;
    this.#isOther = false;
    this.#toldWhy = "";
    return {
      message: { kind: "run_stats", pass },
      transfer: Object.values(counted).map(({ buffer }) => buffer),
    };
  }

  /** Its start, or undefined where it failed. */
  #sample(): number | undefined {
    const startedAtMs = this.#kernel.monotonicMs();
    const { failure } = this.#table.sample();
    return failure === undefined ? startedAtMs : undefined;
  }

  #close(): void {
    if (this.#window === undefined) return;
    if (this.#window.fd >= 0) this.#kernel.close(this.#window.fd);
    this.#window = undefined;
    this.#closedAtMs = this.#kernel.monotonicMs();
  }

  #account(elapsedMs: number, isCounted: boolean): void {
    this.#elapsedMs += elapsedMs;
    if (isCounted) this.#countedMs += elapsedMs;
  }

  #next(): number {
    this.#schedule.next(this.#kernel.monotonicMs());
    return this.#schedule.beginsAtMs;
  }

  /** Told once, until it is another reason or there was a pass in between. */
  #failed(reason: string): AsideMessage | undefined {
    if (this.#toldWhy === reason) return undefined;
    this.#toldWhy = reason;
    return { message: { kind: "run_stats_failed", reason } };
  }
}

/** The programs worker's windows; undefined where statistics are kept always, or never. */
export function collectRunStats(
  kernel: KernelPort,
  { runStats }: Pick<Init, "runStats">,
  { tables }: Pick<Collector, "tables">,
): StatsWindows | undefined {
  const table = tables.find(({ rows }) => rows.table === "program");
  if (runStats === undefined || table === undefined) return undefined;
  return new StatsWindows(kernel, runStats, table);
}
