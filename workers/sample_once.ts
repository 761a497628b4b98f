/**
 * Owns samples without threads: every collector runs on the calling thread, in turn, and says what its worker would say. In:
 * a port and who takes the messages. Out: the same messages in the same order as from the workers.
 * @module
 */
import type { KernelPort } from "../ffi/mod.ts";
import type { Collector } from "./collector.ts";
import { collectLinks } from "./links/collect.ts";
import { collectHolders } from "./links/holders.ts";
import { collectMaps } from "./maps/collect.ts";
import { collectCpuEntries } from "./maps/cpu_entries.ts";
import { collectPrograms } from "./programs/collect.ts";
import {
  type CollectorName,
  type FromWorker,
  type Init,
  initMessage,
  type Opened,
  type OwnIds,
  versioned,
} from "./protocol.ts";
import { CollectorRun } from "./runtime.ts";

/** Takes what a collector says. */
export type MessageSink = (message: FromWorker, name: CollectorName) => void;

/** What sampleOnce() began. */
export interface Rounds {
  /** Takes one more sample of everything, at once. */
  again(): void;
}

export interface RoundOptions {
  /** Ids of the agent's own objects, left out of every sample. */
  readonly leaveOut: OwnIds | undefined;
  readonly opened?: Opened | undefined;
  /** Time between two rounds that the caller means to wait; later ones count as missed ticks. */
  readonly intervalMs: number;
}

const EPOCH = 1;

const COLLECTORS: readonly (readonly [
  CollectorName,
  (kernel: KernelPort, init: Init) => Collector,
])[] = [
  ["maps", collectMaps],
  ["programs", collectPrograms],
  ["links", collectLinks],
];

/** Takes one sample of everything, and looks once for who keeps it alive, before it returns. Never throws for what a kernel may answer. */
export function sampleOnce(
  kernel: KernelPort,
  sink: MessageSink,
  { leaveOut, opened, intervalMs }: RoundOptions,
): Rounds {
  const due: (() => void)[] = [];
  for (const [name, collect] of COLLECTORS) {
    const init = initMessage(EPOCH, intervalMs, leaveOut, opened);
    new CollectorRun(
      {
        kernel,
        post: (message) => sink(message, name),
        after: (_, callback) => {
          due.push(callback);
          return () => {};
        },
      },
      init,
      collect(kernel, init),
    );
  }
  const maps = initMessage(EPOCH, intervalMs, leaveOut, opened);
  const counted = collectCpuEntries(kernel, maps)?.run();
  if (counted !== undefined) {
    sink(versioned({ epoch: EPOCH, ...counted.message }), "maps");
  }
  const links = initMessage(EPOCH, intervalMs, leaveOut, opened);
  const told = collectHolders(kernel, links)?.run();
  if (told !== undefined) {
    sink(versioned({ epoch: EPOCH, ...told.message }), "links");
  }
  return {
    again() {
      for (const sample of due.splice(0)) sample();
    },
  };
}
