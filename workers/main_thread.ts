/**
 * Owns what the main thread needs of the kernel and of the threads' protocol while the agent runs. In: the main thread's port.
 * Out: functions that `main.ts` hands on, for src/ may not reach them itself.
 * @module
 */
import {
  errnoName,
  type KernelPort,
  type ProcessUsage,
  readProcessUsage,
  threadExists,
} from "../ffi/process.ts";
import { BlockReader } from "./columns.ts";
import { closeLeftOpen } from "./left_open.ts";
import {
  type CollectorName,
  type FromWorker,
  type Opened,
  parseFromWorker,
} from "./protocol.ts";
import { PulseReader } from "./pulse.ts";

/** Linux's default, where the limit cannot be read. */
const USUAL_OPEN_FILES = 1024;

export interface MainThread {
  /** RLIMIT_NOFILE, soft. */
  readonly openFilesLimit: number;
  readonly parse: (data: unknown) => FromWorker;
  readonly errnoName: (errno: number) => string;
  readonly openBlock: (buffer: SharedArrayBuffer) => BlockReader;
  readonly openPulse: () => PulseReader;
  readonly threadExists: (id: number) => boolean;
  readonly processUsage: () => ProcessUsage;
  /** Why no thread should be started now, as a part of a sentence; undefined when one may. */
  readonly mayRespawn: () => string | undefined;
  /** Of a worker whose thread is gone. */
  readonly closeLeftOpen: (name: CollectorName, opened: Opened) => void;
}

export function mainThread(kernel: KernelPort): MainThread {
  const { maxFds, openFds } = readProcessUsage(kernel);
  const countable = openFds !== undefined && maxFds !== undefined;
  return {
    openFilesLimit: maxFds ?? USUAL_OPEN_FILES,
    parse: parseFromWorker,
    errnoName,
    openBlock: (buffer) => new BlockReader(buffer),
    openPulse: () => new PulseReader(),
    threadExists: (id) => threadExists(kernel, id),
    processUsage: () => readProcessUsage(kernel),
    mayRespawn: () => countable ? whyNoThread(kernel) : undefined,
    closeLeftOpen: (name, opened) => closeLeftOpen(kernel, name, opened),
  };
}

/** A thread that starts at the limit ends the whole process, and a server at the limit takes no connection. */
const SPARE_FDS = 64;

function whyNoThread(kernel: KernelPort): string | undefined {
  const { openFds, maxFds } = readProcessUsage(kernel);
  if (openFds === undefined || maxFds === undefined) {
    // They could be counted before, and even that takes one.
    return "no file descriptor is left to count them by";
  }
  return maxFds - openFds < SPARE_FDS
    ? `${openFds} of ${maxFds} file descriptors are in use`
    : undefined;
}
