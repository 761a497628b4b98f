/**
 * Owns what the supervisor needs of the rest of the process, as small interfaces. In: nothing (`main.ts` fills them, tests
 * fake them). Out: SupervisorOptions, and the limits by which a worker is judged.
 * @module
 */
import type {
  Births,
  Block,
  Buffers,
  CollectorName,
  CpuEntries,
  FromWorker,
  Holders,
  HoldersFailed,
  Init,
  Loads,
  Operations,
  OperationsFailed,
  RunStats,
  RunStatsFailed,
  Sampled,
  ToWorker,
} from "../../workers/protocol.ts";
import type { Beat } from "../../workers/pulse.ts";
import type { Clock } from "../clock.ts";
import type { EarlyWorker } from "./early_workers.ts";

/** The part of a Worker that is used here. */
export interface WorkerLike {
  postMessage(message: ToWorker): void;
  terminate(): void;
  onmessage?: ((event: MessageEvent) => void) | null;
  onmessageerror?: ((event: MessageEvent) => void) | null;
  onerror?: ((event: ErrorEvent) => void) | null;
}

export type LogFields = Readonly<Record<string, string | number>>;

/** The part of the log that is used here. */
export interface SupervisorLog {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Who takes what the workers send. What it throws is held against the worker whose message it was. */
export interface SampleSink {
  block(message: Block, name: CollectorName): void;
  births(message: Births, name: CollectorName): void;
  sampled(message: Sampled, name: CollectorName): void;
  loads?(message: Loads): void;
  /** A sample of which no message told: all is as after the sample before it, but for when and how long it was taken. */
  repeated?(message: Sampled, name: CollectorName): void;
  /** Who keeps objects alive. */
  holders?(message: Holders): void;
  /** That could not be found out, and why. */
  holdersFailed?(message: HoldersFailed): void;
  /** Of the maps worker. */
  buffers?(message: Buffers): void;
  cpuEntries?(message: CpuEntries): void;
  operations?(message: Operations): void;
  operationsFailed?(message: OperationsFailed): void;
  runStats?(message: RunStats): void;
  runStatsFailed?(message: RunStatsFailed): void;
  /** The worker's life ended; nothing comes from it until another one took its place, in the next epoch. */
  ended?(name: CollectorName): void;
}

/** The part of workers/pulse.ts that is used here. */
export interface PulseLike {
  readonly buffer: SharedArrayBuffer;
  /** The numbers of sample `tick`; undefined while it is not there, or was told by a message. */
  take(tick: number): Beat | undefined;
  /** Has the worker look for messages, and for its end, now. */
  wake(): void;
}

/** A collector to be kept running. */
export interface CollectorSpec {
  readonly name: CollectorName;
  readonly intervalMs: number;
  /** Time between two looks for who keeps objects alive, of the one that looks. */
  readonly holdersMs?: number;
}

export interface SupervisorOptions {
  readonly collectors: readonly CollectorSpec[];
  /** Starts a worker's thread. What it throws counts as a life that ended at once. */
  spawn(name: CollectorName): WorkerLike;
  /** Narrows what a worker sent. @throws where it is not a message of the protocol */
  parse(data: unknown): FromWorker;
  /** The first message to a worker in its life `epoch`. */
  init(epoch: number, intervalMs: number): Init;
  /** Makes the pulse of one worker's life; without any, every sample is told by a message. */
  openPulse?(): PulseLike;
  /** A worker that has begun before there was a supervisor; each is handed out once. */
  readonly early?:
    | ((name: CollectorName) => EarlyWorker | undefined)
    | undefined;
  readonly clock: Clock;
  readonly log: SupervisorLog;
  /** Whether this process has a thread of that id, as /proc/self/task lists it. */
  threadExists(threadId: number): boolean;
  /** Why no worker may be started now, as a part of a sentence; asked before each start, until it is undefined. */
  mayRespawn(): string | undefined;
  /** A worker's thread is gone, and another one starts after a pause: the time to end what it left to the process. Must not throw. */
  buried?(name: CollectorName): void;
  /** Called once, when only the end of the process helps: logs `message` and exits with 70. */
  fatal(message: string): void;
  readonly sink: SampleSink;
  /** Those that differ from DEFAULT_LIMITS. */
  readonly limits?: Partial<SupervisorLimits>;
}

/** By what a worker is judged. Times are of the supervisor's own count (counted_time.ts), but pauses and the stop. */
export interface SupervisorLimits {
  /** Between two looks at the workers. */
  readonly tickMs: number;
  /** What one tick adds to the counted time at most, however long it took. */
  readonly tickCountsAtMostMs: number;
  /** From a worker's start to its ready. */
  readonly readyMs: number;
  /** A sample is overdue an interval, but at least this, after it was due. */
  readonly leastGraceMs: number;
  /** A worker that says nothing for so many intervals, but at least `leastSilenceMs`, hangs. */
  readonly silenceIntervals: number;
  readonly leastSilenceMs: number;
  /** Ticks that a terminated thread has to go away. Deno 2.4.2 kills one that spins, 2.0 s after terminate(). */
  readonly goneWithinTicks: number;
  /** Pause before a respawn: the first, which doubles with each, and the longest. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** A life from ready to end of at least this makes the next pause a first one. */
  readonly goodLifeMs: number;
  /** From Stop to Stopped. */
  readonly stopMs: number;
}

export const DEFAULT_LIMITS: SupervisorLimits = {
  tickMs: 500,
  tickCountsAtMostMs: 1_000,
  readyMs: 10_000,
  leastGraceMs: 250,
  silenceIntervals: 10,
  leastSilenceMs: 5_000,
  goneWithinTicks: 6,
  firstPauseMs: 100,
  longestPauseMs: 10_000,
  goodLifeMs: 60_000,
  stopMs: 150,
};
