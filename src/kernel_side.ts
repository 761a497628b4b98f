/**
 * Owns the shape of what commands ask of the kernel and of threads, which src/ may not reach itself. In: nothing (`main.ts` makes
 * it). Out: KernelSide.
 * @module
 */
import type {
  Acquired,
  AcquireOptions,
  Acquisition,
} from "../workers/acquire.ts";
import type { BenchSide } from "../workers/bench.ts";
import type { Lives } from "../workers/lives.ts";
import type {
  CollectorName,
  Init,
  Opened,
  OwnIds,
} from "../workers/protocol.ts";
import type { AgentPorts } from "./agent.ts";
import type { Clock } from "./clock.ts";
import type { Sampler } from "./commands/once.ts";
import type { Config } from "./config/config.ts";

/** What a command may ask of the kernel and of threads; `main.ts` makes it. */
export interface KernelSide extends
  Omit<Lives, "unprivileged">,
  Pick<
    AgentPorts,
    | "spawn"
    | "parse"
    | "threadExists"
    | "mayRespawn"
    | "giveMemoryBack"
    | "refuseDebugger"
    | "openFilesLimit"
    | "errnoName"
    | "openBlock"
    | "openPulse"
    | "processUsage"
  > {
  readonly clock: Clock;
  /** Opens what is held for the command's whole life. */
  acquire(options: AcquireOptions): Promise<Acquired>;
  init(
    epoch: number,
    intervalMs: number,
    leaveOut: OwnIds | undefined,
    opened: Opened,
  ): Init;
  /** Ends what a worker left on when its thread ended. */
  closeLeftOpen(name: CollectorName, opened: Opened): void;
  loadSampler(): Promise<
    (
      sink: Parameters<Sampler>[0],
      options: {
        readonly leaveOut: OwnIds | undefined;
        readonly opened: Opened;
        readonly intervalMs: number;
      },
    ) => ReturnType<Sampler>
  >;
  /** What `bench` alone needs. */
  loadBench(): Promise<BenchSide>;
}

/** What a worker is told first, all but what depends on its life. */
export function initOf(
  config: Config,
  acquired: Acquisition,
  { init }: Pick<KernelSide, "init">,
): AgentPorts["init"] {
  const leaveOut = leftOut(config, acquired);
  return (epoch, intervalMs) => init(epoch, intervalMs, leaveOut, acquired);
}

/** The agent's own objects where they are not wanted. */
export function leftOut(
  { includeSelf }: Pick<Config, "includeSelf">,
  { ownIds }: Acquisition,
): OwnIds | undefined {
  return includeSelf ? undefined : ownIds;
}
