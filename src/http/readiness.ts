/**
 * Owns the answer to "is what this agent serves complete, and if not, why?". In: the collectors' health, the tables and
 * what was found at start. Out: plain values for /readyz and the page. What is not known is absent, never 0.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type {
  BackendName,
  CollectorName,
  ObjectType,
  TableBackend,
} from "../../workers/protocol.ts";
import type {
  CollectorHealth,
  CollectorStatus,
} from "../state/collector_health.ts";
import { bufferKinds, type BufferKindState } from "../state/buffer_readings.ts";
import { isKnown } from "../state/totals.ts";
import {
  type OperationsReadiness,
  operationsReadiness,
} from "./operations_readiness.ts";
import {
  type RunStatsReadiness,
  runStatsReadiness,
} from "./run_stats_readiness.ts";
import {
  type RingLossesReadiness,
  ringLossesReadiness,
} from "./ring_losses_readiness.ts";
import type { NodeSnapshot, TableStatus } from "../state/node_state.ts";

/** How far a collector's numbers can be trusted. */
export type Quality = "exact" | "lower bound" | "unavailable";

const QUALITY: Readonly<Record<BackendName, Quality>> = {
  iterator: "exact",
  walk: "exact",
};

export interface CollectorReadiness {
  readonly name: CollectorName;
  readonly status: CollectorStatus;
  readonly backend: BackendName | undefined;
  readonly backendReason: string | undefined;
  readonly quality: Quality | undefined;
  readonly intervalSeconds: number;
  /** Since the start of the last good sample. */
  readonly ageSeconds: number | undefined;
  readonly lastError: string | undefined;
  readonly overdueInARow: number;
  readonly samples: number;
  readonly missedTicks: number;
  readonly syscalls: number;
  readonly restarts: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, number>>;
}

export interface TableReadiness {
  readonly status: TableStatus;
  readonly backend: BackendName | undefined;
  readonly backendReason: string | undefined;
  readonly quality: Quality | undefined;
  readonly reason: string | undefined;
  /** Objects in it; undefined until it was read once. */
  readonly size: number | undefined;
  /** Of the counts of what came and went. */
  readonly createdQuality: Quality;
}

/** The last look at what keeps objects alive; nobody waits for it. */
export interface HoldersReadiness {
  /** Since its start; undefined before the first. */
  readonly ageSeconds: number | undefined;
  readonly durationSeconds: number | undefined;
  /** It came to every process. */
  readonly complete: boolean | undefined;
  /** Why there is none, or why none came after it. */
  readonly reason: string | undefined;
  /** Why pins are not known. */
  readonly pinsReason: string | undefined;
  /** Why it is not known which objects are orphans. */
  readonly orphansReason: string | undefined;
}

export interface Readiness {
  readonly ready: boolean;
  /** One sentence for each thing that is not there yet; empty when ready. */
  readonly waitingFor: readonly string[];
  readonly version: string;
  readonly collectors: readonly CollectorReadiness[];
  readonly tables: Readonly<Record<ObjectType, TableReadiness>>;
  readonly holders: HoldersReadiness;
  /** Of ring and perf buffers; undefined before the first look at them. */
  readonly buffers:
    | Readonly<Record<"ring" | "perf", BufferKindState>>
    | undefined;
  readonly privileges: NodeFacts["privileges"] & {
    readonly atStart: NodeFacts["capabilities"];
    readonly missing: NodeFacts["missing"];
  };
  readonly runStats: RunStatsReadiness;
  readonly operations: OperationsReadiness;
  readonly ringLosses: RingLossesReadiness;
}

export interface ReadinessInput {
  readonly collectors: readonly CollectorHealth[];
  readonly snapshot: NodeSnapshot;
  readonly facts: NodeFacts;
  readonly version: string;
  readonly nowMs: number;
}

export function readiness(input: ReadinessInput): Readiness {
  const { collectors, snapshot, facts, version, nowMs } = input;
  const { tables, buffers } = snapshot;
  const waitingFor = whatIsAwaited(input);
  return {
    ready: waitingFor.length === 0,
    waitingFor,
    version,
    collectors: collectors.map((health) => collectorReadiness(health, nowMs)),
    tables: {
      map: tableReadiness(tables.map, collectors),
      program: tableReadiness(tables.program, collectors),
      link: tableReadiness(tables.link, collectors),
      btf: tableReadiness(tables.btf, collectors),
    },
    holders: holdersReadiness(snapshot, collectors, nowMs),
    buffers: buffers && bufferKinds({ tables, buffers }),
    privileges: {
      ...facts.privileges,
      atStart: facts.capabilities,
      missing: facts.missing,
    },
    runStats: runStatsReadiness(facts.runStats, snapshot.runStats),
    operations: operationsReadiness(facts, snapshot, nowMs),
    ringLosses: ringLossesReadiness(facts, snapshot),
  };
}

/** One sentence why nobody looked, or looks any more, at what keeps objects alive; undefined where the last look stands. */
export function whyNoHolders(
  { holders, holdersReason }: NodeSnapshot,
  collectors: readonly CollectorHealth[],
): string | undefined {
  if (holdersReason !== undefined) return holdersReason;
  if (holders !== undefined) return undefined;
  const by = backendOf("link", collectors)?.backend;
  return by === "walk" ? WALK_TELLS_NONE : "nobody has looked yet";
}

export const WALK_TELLS_NONE = "the walk tells nothing of who holds objects";

function holdersReadiness(
  snapshot: NodeSnapshot,
  collectors: readonly CollectorHealth[],
  nowMs: number,
): HoldersReadiness {
  const { holders } = snapshot;
  return {
    ageSeconds: holders && secondsBetween(holders.takenAtMs, nowMs),
    durationSeconds: holders && secondsBetween(0, holders.durationMs),
    complete: holders?.complete,
    reason: whyNoHolders(snapshot, collectors),
    pinsReason: holders?.pinsReason,
    orphansReason: holders?.orphansReason,
  };
}

/** To the millisecond. */
function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, Math.round(toMs - fromMs)) / 1000;
}

/**
 * What this kernel does not have is not waited for: it will never come. What a privilege would give is, for as long as it
 * is missing: whoever deployed the agent has to see it.
 */
function whatIsAwaited(input: ReadinessInput): string[] {
  const awaited: string[] = [];
  for (const { name, status, sampledAtMs } of input.collectors) {
    if (sampledAtMs === undefined && status !== "unavailable") {
      awaited.push(`collector ${name}: no sample yet`);
    }
  }
  for (const table of Object.values(input.snapshot.tables)) {
    if (table.status === "unavailable" && !table.unsupported) {
      awaited.push(`${table.type} objects: ${table.reason}`);
    }
  }
  return awaited;
}

function collectorReadiness(
  health: CollectorHealth,
  nowMs: number,
): CollectorReadiness {
  return {
    name: health.name,
    status: health.status,
    backend: health.backend,
    backendReason: health.backendReason,
    quality: qualityOf(health),
    intervalSeconds: health.intervalMs / 1000,
    ageSeconds: health.sampledAtMs === undefined
      ? undefined
      : secondsBetween(health.sampledAtMs, nowMs),
    lastError: health.lastError,
    overdueInARow: health.overdueInARow,
    samples: health.samples,
    missedTicks: health.missedTicks,
    syscalls: health.syscalls,
    restarts: health.restarts,
    errors: health.errors,
    skipped: health.skipped,
  };
}

function qualityOf(health: CollectorHealth): Quality | undefined {
  if (health.status === "unavailable") return "unavailable";
  return health.backend === undefined ? undefined : QUALITY[health.backend];
}

function tableReadiness(
  table: NodeSnapshot["tables"][ObjectType],
  collectors: readonly CollectorHealth[],
): TableReadiness {
  const by = backendOf(table.type, collectors);
  return {
    status: table.status,
    backend: by?.backend,
    backendReason: by?.backendReason,
    quality: table.status === "unavailable" ? "unavailable" : tableQuality(by),
    reason: table.reason,
    size: isKnown(table) ? table.size : undefined,
    createdQuality: table.isCreatedExact ? "exact" : "lower bound",
  };
}

/** What reads a table; undefined until its worker said so. */
export function backendOf(
  type: ObjectType,
  collectors: readonly CollectorHealth[],
): TableBackend | undefined {
  for (const { tables } of collectors) {
    const found = tables?.find(({ table }) => table === type);
    if (found !== undefined) return found;
  }
  return undefined;
}

function tableQuality(by: TableBackend | undefined): Quality | undefined {
  if (by === undefined) return undefined;
  return by.isLowerBound === true ? "lower bound" : QUALITY[by.backend];
}
