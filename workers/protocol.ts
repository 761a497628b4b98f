/**
 * Owns the messages between the main thread and the workers: one versioned union for each direction, narrowed where they
 * arrive. In: unknown data. Out: a typed message, or ProtocolError: an unknown kind or version is never passed over.
 * What changes each tick does not come this way but in columns (columns.ts).
 * @module
 */
import type { AsideFromWorker } from "./aside_messages.ts";
import type {
  CpuEntriesIterator,
  OpenIterator,
  OpenRings,
  PerfIterator,
} from "../ffi/mod.ts";
import type { HolderIterators } from "./holder_iterators.ts";
import type { TableIterators } from "./iterate.ts";
import type { MemoryTerms } from "./maps/memory.ts";
import type { LinkDescription } from "./links/model.ts";
import type { MapDescription } from "./maps/model.ts";
import type { OperationsHandle } from "./operations_open.ts";
import type { BtfDescription, ProgramDescription } from "./programs/model.ts";
import type { Beat } from "./pulse.ts";
import type { RunStatsHandle } from "./run_stats.ts";

export type * from "./aside_messages.ts";

/** Raised with every change of a message's shape. */
export const PROTOCOL_VERSION = 7;

/** A worker, and what it samples. */
export type CollectorName = "maps" | "programs" | "links";

/** A type of object; each has a table of rows. */
export type ObjectType = "map" | "program" | "link" | "btf";

/** What is told of an object at its birth, by type. */
export interface Descriptions {
  map: MapDescription;
  program: ProgramDescription;
  link: LinkDescription;
  btf: BtfDescription;
}

/** What samples an object type, and what it was chosen over. */
export type BackendName = "iterator" | "walk";

/** A type of object that the kernel has an iterator for. */
export type IteratedType = Exclude<ObjectType, "btf">;

export const ITERATED_TYPES: readonly IteratedType[] = [
  "map",
  "program",
  "link",
];

/** What acquire() opened for each type, or one sentence why it opened nothing. */
export interface Iterators
  extends Readonly<Record<IteratedType, TableIterators | string>> {
  /** Over the BTF objects that others refer to, or one sentence why there are none. */
  readonly btf: BtfIterators | string;
  /** Over what keeps objects alive, or one sentence why there are none; absent where nobody tried to open any. */
  readonly holders?: HolderIterators | string;
  /** What the memory of objects is reckoned by, or why it is not. */
  readonly memory: MemoryFacts | string;
  /** The walk may stand in for iterators that fail. */
  readonly mayWalk: boolean;
  /** BTF objects may be listed by id. */
  readonly mayListBtf: boolean;
  /** Over ring buffers, or one sentence why there is none; absent where nobody tried. */
  readonly rings?: OpenRings | string;
  /** One sentence why their losses are not counted one by one; absent where they are. */
  readonly ringLosses?: string;
  /** Over perf buffers, likewise. */
  readonly perf?: PerfIterator | string;
  /** Over what each CPU counted of the entries of maps, likewise. */
  readonly cpuEntries?: CpuEntriesIterator | string;
}

/** At least one of the two. Plain data. */
export interface MemoryFacts {
  readonly terms: MemoryTerms;
  /** By map type whose formula was not proven on this kernel: why. */
  readonly unproven: Readonly<Record<string, string>>;
}

export interface BtfIterators {
  readonly program?: OpenIterator;
  readonly map?: OpenIterator;
  /** One sentence: how well they work here. */
  readonly reason: string;
}

/** Objects that belong to the agent itself. */
export type OwnIds = Readonly<Record<ObjectType, readonly number[]>>;

export const NO_IDS: OwnIds = { map: [], program: [], link: [], btf: [] };

/** What acquire() opened for the workers: plain data. */
export interface Opened {
  /** Absent where nobody tried to open any. */
  readonly iterators?: Iterators | undefined;
  /** Of the kernel's stream of loads and unloads, one a CPU; absent where there is none. */
  readonly loadEvents?: readonly number[] | undefined;
  /** What bpf() operations are counted with; absent where they are not. */
  readonly operations?: OperationsHandle | undefined;
  /** What runs of programs are counted in windows with; absent where they are not. */
  readonly runStats?: RunStatsHandle | undefined;
  /** All BTF objects at the agent's start, for when they can be listed no more. */
  readonly btfAtStart?: readonly BtfDescription[] | undefined;
}

/** First message to a worker. */
export interface Init extends Opened {
  readonly version: typeof PROTOCOL_VERSION;
  readonly kind: "init";
  /** Of this life of the worker; a respawned one gets the next. */
  readonly epoch: number;
  readonly intervalMs: number;
  /** Ids of the agent's own objects, left out of every sample. */
  readonly leaveOut: OwnIds;
  /** Time between two looks for who keeps objects alive; absent: the usual. */
  readonly holdersMs?: number;
  /** What pulse.ts has; without it every sample is told by a message. */
  readonly pulse?: SharedArrayBuffer;
}

/** What a collector is made by. */
export type CollectInit = Pick<Init, "leaveOut" | "holdersMs" | keyof Opened>;

/** Ends the sampling; answered by Stopped. */
export interface Stop {
  readonly version: typeof PROTOCOL_VERSION;
  readonly kind: "stop";
}

/** Samples at another interval from now on. */
export interface Retune {
  readonly version: typeof PROTOCOL_VERSION;
  readonly kind: "retune";
  readonly intervalMs: number;
  /** As in Init. */
  readonly holdersMs?: number;
}

/** The set of objects changed: who keeps them alive, and their BTF, is looked for sooner. */
export interface Renew {
  readonly version: typeof PROTOCOL_VERSION;
  readonly kind: "renew";
}

export type ToWorker = Init | Retune | Renew | Stop;

/** What one table of a collector is read by. */
export interface TableBackend {
  readonly table: ObjectType;
  readonly backend: BackendName;
  /** One sentence. */
  readonly backendReason: string;
  /** It may lack objects; what is in it is right. */
  readonly isLowerBound?: boolean;
}

/** First answer to Init: the worker samples from now on. */
export interface Ready {
  readonly kind: "ready";
  readonly epoch: number;
  /** As /proc/self/task lists it: tells whether the thread is still there when it is silent. */
  readonly threadId: number;
  readonly backend: BackendName;
  /** One sentence. */
  readonly backendReason: string;
  /** Table by table; the first is the collector's. */
  readonly tables: readonly TableBackend[];
}

/** The columns of a table are in `buffer` from now on: at first, and whenever a table outgrew its block. */
export interface Block {
  readonly kind: "block";
  readonly epoch: number;
  readonly table: ObjectType;
  readonly buffer: SharedArrayBuffer;
}

/** Objects seen for the first time in this epoch, or told again because what they are attached to changed. */
export interface Births<T extends ObjectType = ObjectType> {
  readonly kind: "births";
  readonly epoch: number;
  readonly table: T;
  /** Number of the first one; the others follow by one. Numbers rise within an epoch and are never used twice. */
  readonly firstBirth: number;
  readonly descriptions: readonly Descriptions[T][];
}

/** How one table fared in a sample. */
export interface TableOutcome {
  readonly table: ObjectType;
  /** Objects that could not be read, by errno name; they keep their last row. */
  readonly skipped: Readonly<Record<string, number>>;
  /** The table was not read to its end: its last rows stand. */
  readonly failure?: TableFailure;
}

export interface TableFailure {
  /** As `BPF_MAP_GET_NEXT_ID`. */
  readonly call: string;
  /** As `EPERM`. */
  readonly errno: string;
  /** Will not get better by trying again: no permission, or no such command in this kernel. */
  readonly unavailable: boolean;
  /** This kernel has no such command: no privilege changes that. */
  readonly unsupported?: boolean;
  /** What happened, where no call failed. */
  readonly reason?: string;
}

/** One sample was taken; the columns of each table without a failure hold tick `tick`. */
export interface Sampled extends Beat {
  readonly kind: "sampled";
  readonly epoch: number;
  readonly tables: readonly TableOutcome[];
}

/** Answer to Stop, the worker's last message. */
export interface Stopped {
  readonly kind: "stopped";
  readonly epoch: number;
}

type Versioned<T> = T & { readonly version: typeof PROTOCOL_VERSION };

/** The collector samples in another way from now on, or for another reason. */
export interface Backend {
  readonly kind: "backend";
  readonly epoch: number;
  readonly backend: BackendName;
  /** One sentence. */
  readonly backendReason: string;
  /** As in Ready. */
  readonly tables: readonly TableBackend[];
}

/** Programs that the kernel's own stream told of since the worker's last such message; the first one tells that there is a stream. */
export interface Loads {
  readonly kind: "loads";
  readonly epoch: number;
  readonly loaded: number;
  readonly unloaded: number;
  /** Records of either kind that the kernel had no room for. */
  readonly lost: number;
}

export type FromWorker =
  | Ready
  | Backend
  | Block
  | Births
  | Sampled
  | Loads
  | AsideFromWorker
  | Stopped;

/** A message that this version of the protocol does not have. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** What `typeof` answers for each field of a kind of message, but the version's and the kind's. */
type Shape<M> = {
  readonly [
    F in Exclude<
      keyof M,
      "kind" | "version" | "pulse" | "holdersMs" | keyof Opened
    >
  ]-?: string;
};
type Shapes<M extends { kind: string }> = {
  readonly [K in M["kind"]]: Shape<Extract<M, { kind: K }>>;
};

const TO_WORKER: Shapes<ToWorker> = {
  init: { epoch: "number", intervalMs: "number", leaveOut: "object" },
  retune: { intervalMs: "number" },
  renew: {},
  stop: {},
};
const FROM_WORKER: Shapes<FromWorker> = {
  ready: {
    epoch: "number",
    threadId: "number",
    backend: "string",
    backendReason: "string",
    tables: "object",
  },
  backend: {
    epoch: "number",
    backend: "string",
    backendReason: "string",
    tables: "object",
  },
  block: { epoch: "number", table: "string", buffer: "object" },
  births: {
    epoch: "number",
    table: "string",
    firstBirth: "number",
    descriptions: "object",
  },
  sampled: {
    epoch: "number",
    tick: "number",
    startedAtMs: "number",
    durationMs: "number",
    missedTicks: "number",
    syscalls: "number",
    tables: "object",
  },
  loads: {
    epoch: "number",
    loaded: "number",
    unloaded: "number",
    lost: "number",
  },
  holders: { epoch: "number", pass: "object" },
  holders_failed: { epoch: "number", reason: "string" },
  buffers: { epoch: "number", pass: "object" },
  operations: { epoch: "number", pass: "object" },
  cpu_entries: { epoch: "number", pass: "object" },
  operations_failed: { epoch: "number", reason: "string" },
  run_stats: { epoch: "number", pass: "object" },
  run_stats_failed: { epoch: "number", reason: "string" },
  stopped: { epoch: "number" },
};

/** Narrows what a worker was sent. @throws {ProtocolError} */
export function parseToWorker(data: unknown): ToWorker {
  return narrow(data, TO_WORKER) as ToWorker;
}

/** Narrows what a worker sent. @throws {ProtocolError} */
export function parseFromWorker(data: unknown): FromWorker {
  return narrow(data, FROM_WORKER) as FromWorker;
}

/** The first message to a worker in its life `epoch`. */
export function initMessage(
  epoch: number,
  intervalMs: number,
  leaveOut: OwnIds | undefined,
  opened: Opened = {},
): Init {
  return {
    version: PROTOCOL_VERSION,
    kind: "init",
    epoch,
    intervalMs,
    leaveOut: leaveOut ?? NO_IDS,
    iterators: opened.iterators,
    btfAtStart: opened.btfAtStart,
    loadEvents: opened.loadEvents,
    operations: opened.operations,
    runStats: opened.runStats,
  };
}

/** Puts the version on a message of a worker. */
export function versioned<T extends FromWorker>(message: T): Versioned<T> {
  return { version: PROTOCOL_VERSION, ...message };
}

function narrow(
  data: unknown,
  shapes: Readonly<Record<string, Readonly<Record<string, string>>>>,
): unknown {
  if (typeof data !== "object" || data === null) {
    throw unreadable("an object", typeof data);
  }
  const { version, kind } = data as { version?: unknown; kind?: unknown };
  if (version !== PROTOCOL_VERSION) {
    throw unreadable(`version ${PROTOCOL_VERSION}`, version);
  }
  if (typeof kind !== "string" || !Object.hasOwn(shapes, kind)) {
    throw unreadable(
      `one of ${Object.keys(shapes).join(", ")}`,
      JSON.stringify(kind),
    );
  }
  for (const field in shapes[kind]) {
    const found = typeof (data as Record<string, unknown>)[field];
    if (found !== shapes[kind][field]) {
      throw unreadable(`a ${shapes[kind][field]} as ${kind}.${field}`, found);
    }
  }
  return data;
}

function unreadable(expected: string, found: unknown): ProtocolError {
  return new ProtocolError(
    `Cannot read a thread's message: expected ${expected}, found ${found}`,
  );
}
