/**
 * Owns how the parts of the running agent are joined: workers → supervisor → aggregator → exposition → HTTP. In: the
 * configuration, what acquire found, and the few things that src may not do itself (threads, /proc), as ports. Out: a running
 * agent, and its orderly stop.
 * @module
 */
import type { NodeFacts } from "../workers/acquire.ts";
import type { CollectorName } from "../workers/protocol.ts";
import type { Clock } from "./clock.ts";
import {
  type Config,
  intervalOf,
  isUnix,
  type TcpAddress,
} from "./config/config.ts";
import { createApp } from "./http/app.ts";
import { connectionsWithin } from "./http/limits.ts";
import { formatAddress } from "./http/listen_error.ts";
import { startServer } from "./http/server.ts";
import type { Log } from "./log.ts";
import { metricGroups } from "./metrics/catalog.ts";
import { Exposition, type ProcessUsage } from "./metrics/exposition.ts";
import { seriesText } from "./metrics/labels.ts";
import { Aggregator, type BlockSource } from "./state/aggregator.ts";
import type { SupervisorOptions } from "./supervisor/ports.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import { VERSION } from "./version.ts";

const COLLECTORS: readonly CollectorName[] = ["maps", "programs", "links"];

export interface AgentPorts extends
  Pick<
    SupervisorOptions,
    "spawn" | "init" | "parse" | "threadExists" | "mayRespawn" | "fatal"
  > {
  readonly config: Config;
  readonly facts: NodeFacts;
  readonly clock: Clock;
  readonly log: Log;
  /** RLIMIT_NOFILE, soft. */
  readonly openFilesLimit: number;
  openBlock(buffer: SharedArrayBuffer): BlockSource;
  processUsage(): ProcessUsage;
}

export interface RunningAgent {
  readonly address: TcpAddress;
  /** Ends the workers and the server, `why` being logged; done within half a second. Later calls wait for the same end. */
  stop(why: string): Promise<void>;
}

/** @throws {ListenError} when it cannot listen where it was told to. */
export async function startAgent(ports: AgentPorts): Promise<RunningAgent> {
  const { config, facts, clock, log } = ports;
  const state = new Aggregator({
    maxSeries: config.maxSeries,
    openBlock: (buffer) => ports.openBlock(buffer),
    textOf: seriesText,
  });
  const supervisor = new Supervisor({
    ...ports,
    collectors: COLLECTORS.map((name) => ({
      name,
      intervalMs: intervalOf(config, name),
    })),
    sink: {
      block: (message) => state.block(message),
      births: (message) => state.births(message),
      sampled: (message, name) => {
        state.sampled(message);
        exposition.observeSample(name, message.durationMs);
      },
    },
  });
  const collectors = () => supervisor.health();
  const exposition = new Exposition({
    state,
    collectors,
    processUsage: () => ports.processUsage(),
    facts,
    limits: config.limits,
    systemStats: config.systemStats,
    clock,
  });
  const app = createApp({
    exposition,
    state,
    collectors,
    facts,
    metricGroups,
    clock,
    version: VERSION,
    log,
  });
  for (const { capability, gives, how } of facts.missing) {
    log.warn(`Without ${capability} there is no view of ${gives}: ${how}`);
  }
  const [address] = config.listen;
  if (isUnix(address)) throw new Error("not yet");
  // The workers get up while the server does.
  supervisor.start();
  try {
    const server = await startServer({
      app,
      address,
      clock,
      log,
      limits: { maxConnections: connectionsWithin(ports.openFilesLimit) },
    });
    log.info(`Listening on http://${formatAddress(server.address)}/metrics`);
    let stopped: Promise<unknown> | undefined;
    return {
      address: server.address,
      async stop(why) {
        if (stopped === undefined) log.info(`${why}: stopping`);
        stopped ??= Promise.all([server.stop(), supervisor.stop()]);
        await stopped;
      },
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}
