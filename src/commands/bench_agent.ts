/**
 * Owns the agent under measurement: its real worker threads, supervisor and state in this process, without a server. In: what
 * `serve` needs of threads. Out: CPU time of the whole process by interval.
 * @module
 */
import process from "node:process";
import type {
  BackendName,
  CollectorName,
  Init,
} from "../../workers/protocol.ts";
import { COLLECTORS } from "../config/config.ts";
import { seriesText } from "../metrics/labels.ts";
import { Aggregator, type BlockSource } from "../state/aggregator.ts";
import type { SupervisorOptions } from "../supervisor/ports.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import type { CpuWindow } from "./bench_budget.ts";

export interface AgentUnderBenchPorts extends
  Pick<
    SupervisorOptions,
    "spawn" | "openPulse" | "parse" | "threadExists" | "mayRespawn" | "clock"
  > {
  init(epoch: number, intervalMs: number): Init;
  openBlock(buffer: SharedArrayBuffer): BlockSource;
  /** CPU time of this process since its start, all threads. */
  cpuMs(): number;
}

export interface AgentCpu {
  readonly windows: readonly CpuWindow[];
  readonly backends: Readonly<Partial<Record<CollectorName, BackendName>>>;
}

const INTERVALS_MS = [100, 250, 500, 1000] as const;
/** No sample within any window. */
const REST_MS = 3_600_000;
/** Long enough, at this interval, for the engine to have compiled what a tick runs. */
const WARM_UP_MS = 1000;
const WARM_UP_INTERVAL_MS = 20;
/** From a change of the interval to the window, so that no sample falls onto its edges. */
const SETTLE_MS = 50;
const FIRST_SAMPLES_MS = 15_000;
/** As --max-series has it by default. */
const MAX_SERIES = 10_000;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** CPU time of this process, user and system, as getrusage(2) has it. */
export function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** @param seconds of each window; no window is shorter than its interval @throws {Error} where the workers do not sample */
export async function measureAgent(
  ports: AgentUnderBenchPorts,
  seconds: number,
): Promise<AgentCpu> {
  const { clock } = ports;
  const state = new Aggregator({
    maxSeries: MAX_SERIES,
    openBlock: (buffer) => ports.openBlock(buffer),
    textOf: seriesText,
  });
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => fail = reject);
  // Heard by whoever waits at that moment.
  failed.catch(() => {});
  const supervisor = new Supervisor({
    ...ports,
    log: SILENT,
    fatal: (message) => fail(new Error(message)),
    collectors: COLLECTORS.map((name) => ({
      name,
      intervalMs: WARM_UP_INTERVAL_MS,
    })),
    sink: {
      block: (message) => state.block(message),
      births: (message) => state.births(message),
      holders: (message) => state.holders(message),
      sampled: (message) => state.sampled(message),
      repeated: (message) => state.repeated(message),
    },
  });
  const wait = (ms: number) =>
    Promise.race([failed, new Promise<void>((done) => clock.after(ms, done))]);

  function samples(): number {
    return supervisor.health().reduce((sum, one) => sum + one.samples, 0);
  }

  async function firstSamples(): Promise<void> {
    const deadlineMs = clock.monotonicMs() + FIRST_SAMPLES_MS;
    while (supervisor.health().some((health) => health.samples === 0)) {
      if (clock.monotonicMs() > deadlineMs) {
        throw new Error("a worker took no sample");
      }
      await wait(SETTLE_MS);
    }
  }

  async function window(intervalMs: number | undefined): Promise<CpuWindow> {
    supervisor.retune(COLLECTORS.map((name) => ({
      name,
      intervalMs: intervalMs ?? REST_MS,
    })));
    await wait(SETTLE_MS);
    const from = {
      wallMs: clock.monotonicMs(),
      cpuMs: ports.cpuMs(),
      samples: samples(),
    };
    await wait(Math.max(1000 * seconds, intervalMs ?? 0));
    return {
      intervalMs,
      wallMs: clock.monotonicMs() - from.wallMs,
      cpuMs: ports.cpuMs() - from.cpuMs,
      ticks: (samples() - from.samples) / COLLECTORS.length,
    };
  }

  supervisor.start();
  try {
    await firstSamples();
    await wait(WARM_UP_MS);
    const windows: CpuWindow[] = [];
    for (const intervalMs of [...INTERVALS_MS, undefined]) {
      windows.push(await window(intervalMs));
    }
    const backends = Object.fromEntries(
      supervisor.health().flatMap(({ name, backend }) =>
        backend === undefined ? [] : [[name, backend]]
      ),
    );
    return { windows, backends };
  } finally {
    await supervisor.stop();
  }
}
