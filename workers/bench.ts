/**
 * Owns collectors that are timed: each on the calling thread, by the backend that is asked for, sampling as its worker does. In: a
 * port and what acquire() opened. Out: how long a sample took and how many objects it saw, or why there is none.
 * @module
 */
import type { KernelPort } from "../ffi/mod.ts";
import { makeObjects } from "./bench_objects.ts";
import { measureStatsCost, type StatsCost } from "./bench_stats.ts";
import type { Collector } from "./collector.ts";
import { collectLinks } from "./links/collect.ts";
import { collectMaps } from "./maps/collect.ts";
import { collectPrograms } from "./programs/collect.ts";
import {
  type BackendName,
  type CollectInit,
  type CollectorName,
  type FromWorker,
  initMessage,
  type IteratedType,
  type Iterators,
  type OwnIds,
} from "./protocol.ts";
import { CollectorRun } from "./runtime.ts";

/** One sample of a collector. */
export interface TimedSample {
  readonly durationMs: number;
  /** Of the collector's own type. */
  readonly objects: number;
  /** As `BPF_MAP_GET_NEXT_ID failed: EPERM`; then the other two mean nothing. */
  readonly failure?: string;
}

/** What acquire() opened. */
export interface TimedInit {
  readonly leaveOut: OwnIds;
  readonly iterators: Iterators;
}

/** A collector that samples when it is told to. */
export interface TimedCollector {
  /** Never throws for what a kernel may answer. */
  sample(): TimedSample;
}

const COLLECTORS: Readonly<
  Record<
    CollectorName,
    {
      readonly type: IteratedType;
      collect(kernel: KernelPort, init: CollectInit): Collector;
    }
  >
> = {
  maps: { type: "map", collect: collectMaps },
  programs: { type: "program", collect: collectPrograms },
  links: { type: "link", collect: collectLinks },
};

/** The cadence is never waited for. */
const ANY_INTERVAL_MS = 1000;

/** What the command may ask of this kernel. */
export interface BenchSide {
  timedCollector(
    name: CollectorName,
    backend: BackendName,
    init: TimedInit,
  ): TimedCollector | string;
  makeObjects(type: IteratedType, count: number): Disposable | string;
  measureStatsCost(): StatsCost | string;
}

export function benchSide(kernel: KernelPort): BenchSide {
  return {
    timedCollector: (name, backend, init) =>
      timedCollector(kernel, name, backend, init),
    makeObjects: (type, count) => makeObjects(kernel, type, count),
    measureStatsCost: () => measureStatsCost(kernel),
  };
}

/** Answers why not, as part of a sentence, where the backend was not opened. */
export function timedCollector(
  kernel: KernelPort,
  name: CollectorName,
  backend: BackendName,
  { leaveOut, iterators }: TimedInit,
): TimedCollector | string {
  const { type, collect } = COLLECTORS[name];
  const opened = iterators[type];
  if (backend === "iterator" && typeof opened === "string") return opened;
  const init = initMessage(
    1,
    ANY_INTERVAL_MS,
    leaveOut,
    // One backend alone: where it fails, the other must not be timed in its place.
    backend === "iterator"
      ? { iterators: { ...iterators, mayWalk: false } }
      : undefined,
  );
  const collector = collect(kernel, init);
  let last: TimedSample | undefined;
  let again: (() => void) | undefined;
  const post = (message: FromWorker): void => {
    if (message.kind !== "sampled") return;
    const [main] = message.tables;
    last = {
      durationMs: message.durationMs,
      objects: collector.tables[0].rows.columns.count,
      ...(main.failure === undefined
        ? {}
        : { failure: `${main.failure.call} failed: ${main.failure.errno}` }),
    };
  };
  const after = (_: number, callback: () => void): () => void => {
    again = callback;
    return () => {};
  };
  return {
    sample() {
      if (again === undefined) {
        new CollectorRun({ kernel, post, after }, init, collector);
      } else again();
      return last ?? { durationMs: 0, objects: 0, failure: "no sample" };
    },
  };
}
