/**
 * Owns how the parts of the running agent are joined: workers → supervisor → aggregator → exposition → HTTP. In: the
 * configuration, what acquire found, secrets, and the few things that src may not do itself (threads, /proc), as ports. Out: a
 * running agent, what changes in it while it runs, and its orderly stop.
 * @module
 */
import type { NodeFacts } from "../workers/acquire.ts";
import type { ObjectType } from "../workers/protocol.ts";
import type { Clock } from "./clock.ts";
import type { Config, ListenAddress } from "./config/config.ts";
import { planReload } from "./config/reload.ts";
import { createApp } from "./http/app.ts";
import { connectionsWithin } from "./http/limits.ts";
import type { Inherited } from "./http/listen.ts";
import { formatAddress } from "./http/listen_error.ts";
import { startServers } from "./http/listeners.ts";
import type { Log } from "./log.ts";
import { metricGroups } from "./metrics/catalog.ts";
import { Exposition, type ProcessUsage } from "./metrics/exposition.ts";
import { cleaned, seriesText } from "./metrics/labels.ts";
import type { Secrets } from "./secrets.ts";
import { Aggregator, type BlockSource } from "./state/aggregator.ts";
import type { NodeState } from "./state/node_state.ts";
import { collectorSpecs } from "./supervisor/collector_specs.ts";
import type { SupervisorOptions } from "./supervisor/ports.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import { VERSION } from "./version.ts";

const RENEW_HOLDERS_MS = 1_000;
const TIDY_AFTER_MS = [500, 500, 1_000, 3_000, 5_000];
const TIDY_EVERY_MS = 60_000;

export interface AgentPorts extends
  Pick<
    SupervisorOptions,
    | "spawn"
    | "init"
    | "early"
    | "openPulse"
    | "parse"
    | "threadExists"
    | "mayRespawn"
    | "buried"
    | "fatal"
  > {
  readonly config: Config;
  readonly facts: NodeFacts;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
  /** RLIMIT_NOFILE, soft. */
  readonly openFilesLimit: number;
  readonly inherited: Inherited;
  readonly newestIds: Readonly<Partial<Record<ObjectType, number>>>;
  openBlock(buffer: SharedArrayBuffer): BlockSource;
  /** As `EPERM`. */
  errnoName(errno: number): string;
  /** Returns freed memory to the kernel; takes about a millisecond. */
  giveMemoryBack(): void;
  /** Has the signal ignored at which the runtime would open a debugger's port. */
  refuseDebugger(): void;
  processUsage(): ProcessUsage;
}

export interface RunningAgent {
  readonly addresses: readonly ListenAddress[];
  /** Takes over what can change while it runs, and names what cannot in the log. Reads the secrets' files again. */
  reload(next: Config): void;
  /** Ends the workers and the servers, `why` being logged; done within half a second. Later calls wait for the same end. */
  stop(why: string): Promise<void>;
}

/** @throws {ListenError} @throws {TlsError} when it cannot listen where and how it was told to. */
export async function startAgent(ports: AgentPorts): Promise<RunningAgent> {
  const { facts, secrets, clock, log } = ports;
  let { config } = ports;
  const aggregator = new Aggregator({
    maxSeries: config.maxSeries,
    newestIds: ports.newestIds,
    openBlock: (buffer) => ports.openBlock(buffer),
    textOf: seriesText,
    managers: config.managers,
    cleanLabel: cleaned,
    runStatsWindow: facts.runStats.window,
  });
  const supervisor = new Supervisor({
    ...ports,
    collectors: collectorSpecs(config),
    sink: {
      block: (message) => aggregator.block(message),
      births(message) {
        aggregator.births(message);
        renewFollowers();
      },
      loads: (message) => aggregator.loads(message),
      holders: (message) => aggregator.holders(message),
      holdersFailed: (message) => aggregator.holdersFailed(message),
      buffers: (message) => aggregator.buffers(message),
      cpuEntries: (message) => aggregator.cpuEntries(message),
      operations: (message) => aggregator.operations(message),
      operationsFailed: (message) => aggregator.operationsFailed(message),
      runStats: (message) => aggregator.runStats(message),
      runStatsFailed: (message) => aggregator.runStatsFailed(message),
      sampled: (message, name) => {
        aggregator.sampled(message);
        exposition.observeSample(name, message.durationMs);
      },
      repeated: (message, name) => {
        aggregator.repeated(message);
        exposition.observeSample(name, message.durationMs);
      },
    },
  });
  const state: NodeState = {
    freeze() {
      supervisor.catchUp();
      return aggregator.freeze();
    },
  };
  let askedAtMs = -Infinity;
  /** Who holds what was just made, and its BTF, is looked for soon: at most once a second, or a busy node would keep threads awake. */
  function renewFollowers(): void {
    const nowMs = clock.monotonicMs();
    if (nowMs - askedAtMs < RENEW_HOLDERS_MS) return;
    askedAtMs = nowMs;
    supervisor.renew("links");
    supervisor.renew("programs");
  }
  const collectors = () => supervisor.health();
  const exposition = new Exposition({
    state,
    collectors,
    processUsage: () => ports.processUsage(),
    facts,
    errnoName: (errno) => ports.errnoName(errno),
    get limits() {
      return config.limits;
    },
    get systemStats() {
      return config.systemStats;
    },
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
    token: () => secrets.token,
  });
  const servers = await startServers({
    app,
    addresses: config.listen,
    ...(secrets.tls === undefined ? {} : { tls: secrets.tls }),
    tokenNeeded: secrets.token !== undefined,
    inherited: ports.inherited,
    clock,
    log,
    limits: { maxConnections: connectionsWithin(ports.openFilesLimit) },
  });
  const scheme = secrets.tls === undefined ? "http" : "https";
  for (const address of servers.addresses) {
    log.info(
      "path" in address
        ? `Listening on ${formatAddress(address)}`
        : `Listening on ${scheme}://${formatAddress(address)}/metrics`,
    );
  }
  for (const { capability, gives, how } of facts.missing) {
    log.warn(`Without ${capability} there is no view of ${gives}: ${how}`);
  }
  if (facts.ringLosses?.reason !== undefined) {
    log.warn(
      `Cannot count losses of ring buffers one by one: ${facts.ringLosses.reason}`,
    );
  }
  supervisor.start();
  let tidied = 0;
  let cancelTidying = () => {};
  tidy();
  /** What a start, a burst of births or a big page has left; and what the runtime sets up when nobody looks. */
  function tidy(): void {
    ports.refuseDebugger();
    if (tidied > 0) ports.giveMemoryBack();
    const nextMs = TIDY_AFTER_MS.at(tidied++) ?? TIDY_EVERY_MS;
    cancelTidying = clock.after(nextMs, tidy);
  }

  let stopped: Promise<unknown> | undefined;
  return {
    addresses: servers.addresses,
    reload(next) {
      const { apply, needsRestart } = planReload(config, next);
      config = { ...config, ...apply };
      supervisor.retune(collectorSpecs(config));
      aggregator.setMaxSeries(config.maxSeries);
      if (apply.managers !== undefined) aggregator.setManagers(apply.managers);
      log.retune({ level: config.logLevel, format: config.logFormat });
      for (const sentence of secrets.renew()) log.warn(sentence);
      if (secrets.tls !== undefined) servers.renewTls(secrets.tls);
      log.info("Reloaded", { changed: Object.keys(apply).join(" ") || "none" });
      for (const name of needsRestart) {
        log.warn(`The new value of ${name} needs a restart`);
      }
    },
    async stop(why) {
      if (stopped === undefined) log.info(`${why}: stopping`);
      cancelTidying();
      stopped ??= Promise.all([servers.stop(), supervisor.stop()]);
      await stopped;
    },
  };
}
