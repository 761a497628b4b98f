/**
 * Owns the message loop that every worker shares: Init, then samples by the cadence until Stop. In: a collector's
 * constructor. Out: Ready, births, blocks and Sampled messages, always births before the sample that refers to them; beside them
 * what its looks find, once a sample at most.
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { type KernelPort, type LoadCounts, openLibc } from "../ffi/sampling.ts";
import type { Aside } from "./aside.ts";
import { Cadence } from "./cadence.ts";
import type { BackedTable, Collector, TableCollector } from "./collector.ts";
import { allocateBlock, BlockWriter } from "./columns.ts";
import { Naps } from "./naps.ts";
import {
  type FromWorker,
  type Init,
  parseToWorker,
  type TableBackend,
  type TableOutcome,
  versioned,
} from "./protocol.ts";
import { type Beat, PulseWriter } from "./pulse.ts";

/** The worker's first life. */
const FIRST_EPOCH = 1;

/** What a running collector needs of its thread. */
export interface ThreadPort {
  readonly kernel: KernelPort;
  post(message: FromWorker, transfer?: readonly ArrayBuffer[]): void;
  /** Calls once, after `delayMs`; the answer cancels. */
  after(delayMs: number, callback: () => void): () => void;
  /** Takes a sample in which nothing was new; false when that must be told by a message. */
  readonly beat?: ((beat: Beat) => boolean) | undefined;
}

/** One collector between Init and Stop. */
export class CollectorRun {
  readonly #thread: ThreadPort;
  readonly #init: Init;
  readonly #collector: Collector;
  readonly #writers: Map<TableCollector, BlockWriter> = new Map();
  #cadence: Cadence;
  #tick = 0;
  #syscalls = 0;
  #cancel = () => {};
  #sampleAtMs = 0;
  readonly #aside: Aside | undefined;
  readonly #cancelLooks: (() => void)[] = [];
  /** As the main thread knows them. */
  #backends: readonly TableBackend[];
  /** Nothing failed in the last sample, and nothing was skipped. */
  #wasSmooth = false;

  /** Announces the collector and takes its first sample. */
  constructor(
    thread: ThreadPort,
    init: Init,
    collector: Collector,
    aside?: Aside,
  ) {
    this.#thread = thread;
    this.#init = init;
    this.#collector = collector;
    this.#aside = aside;
    this.#cadence = new Cadence(thread.kernel.monotonicMs(), init.intervalMs);
    this.#backends = collector.tables.map(backendOf);
    this.#post({
      kind: "ready",
      epoch: init.epoch,
      threadId: thread.kernel.threadId(),
      backend: collector.backend,
      backendReason: collector.backendReason,
      tables: this.#backends,
    });
    if (collector.loads !== undefined) {
      // What came before the agent's first sample is among the objects that it begins with.
      if (init.epoch === FIRST_EPOCH) collector.loads.read();
      this.#tellLoads({ loaded: 0, unloaded: 0, lost: 0 });
    }
    collector.buffers?.looks.forEach((look, i) => {
      const lookAndWait = (): void => {
        look.look();
        this.#cancelLooks[i] = thread.after(look.nextDelayMs, lookAndWait);
      };
      lookAndWait();
    });
    this.#sampleAndWait();
  }

  /** Samples at another interval, the first time one interval from now. @param holdersMs of what it does aside, where that changes */
  retune(intervalMs: number, holdersMs?: number): void {
    this.#cancel();
    if (holdersMs !== undefined) this.#aside?.retune(holdersMs);
    this.#aside?.resample?.(intervalMs);
    this.#cadence = new Cadence(this.#thread.kernel.monotonicMs(), intervalMs);
    this.#waitForSample();
  }

  /** The set of objects changed: tables that follow it are read sooner, and what the collector does aside is due sooner. */
  renew(): void {
    for (const table of this.#collector.tables) table.renew?.();
    if (this.#aside === undefined) return;
    this.#aside.renew();
    this.#cancel();
    this.#wait();
  }

  /** No sample is taken any more. */
  stop(): void {
    this.#cancel();
    for (const cancel of this.#cancelLooks) cancel();
    this.#post({ kind: "stopped", epoch: this.#init.epoch });
  }

  readonly #sampleAndWait = (): void => {
    this.#sample();
    this.#waitForSample();
  };

  readonly #asideAndWait = (): void => {
    const told = this.#aside?.run();
    if (told !== undefined) {
      const { epoch } = this.#init;
      this.#thread.post(versioned({ epoch, ...told.message }), told.transfer);
    }
    this.#wait();
  };

  #waitForSample(): void {
    this.#sampleAtMs = this.#cadence.next(this.#thread.kernel.monotonicMs());
    this.#wait();
  }

  #wait(): void {
    const nowMs = this.#thread.kernel.monotonicMs();
    const asideAtMs = this.#aside?.dueAtMs ?? Infinity;
    const isAside = asideAtMs < this.#sampleAtMs;
    this.#cancel = this.#thread.after(
      Math.max(0, (isAside ? asideAtMs : this.#sampleAtMs) - nowMs),
      isAside ? this.#asideAndWait : this.#sampleAndWait,
    );
  }

  #sample(): void {
    const { kernel } = this.#thread;
    const { tables } = this.#collector;
    const startedAtMs = kernel.monotonicMs();
    const tick = ++this.#tick;
    const outcomes = tables.map((table) => table.sample());
    this.#aside?.sampled?.();
    const smooth = outcomes.every(isSmooth);
    const told = this.#wasSmooth && smooth && tables.every(this.#isTold);
    this.#wasSmooth = smooth;
    if (!told) {
      outcomes.forEach(({ failure }, i) => {
        if (failure === undefined) this.#publish(tables[i], tick, startedAtMs);
      });
    }
    const loads = this.#collector.loads?.read();
    if (loads !== undefined) this.#tellLoads(loads);
    this.#tellBackend();
    this.#tellBuffers();
    let syscalls = 0;
    for (const table of tables) syscalls += table.syscalls;
    const sample: Beat = {
      tick,
      startedAtMs,
      durationMs: kernel.monotonicMs() - startedAtMs,
      missedTicks: this.#cadence.takeMissed(),
      syscalls: syscalls - this.#syscalls,
    };
    this.#syscalls = syscalls;
    if (told && this.#thread.beat?.(sample)) return;
    const { epoch } = this.#init;
    this.#post({ kind: "sampled", epoch, ...sample, tables: outcomes });
  }

  /** Whether the main thread has the table's rows, as they are, from an earlier sample. */
  readonly #isTold = (table: TableCollector): boolean =>
    this.#thread.beat !== undefined &&
    (this.#writers.get(table)?.holds(table.rows.birthSeq, table.rows.columns) ??
      false);

  #tellLoads(loads: LoadCounts): void {
    this.#post({ kind: "loads", epoch: this.#init.epoch, ...loads });
  }

  #tellBackend(): void {
    const { backend, backendReason, tables } = this.#collector;
    let told = 0;
    for (const table of tables) {
      if (table.backendReason !== this.#backends[told].backendReason) break;
      told++;
    }
    if (told === tables.length) return;
    this.#backends = tables.map(backendOf);
    this.#post({
      kind: "backend",
      epoch: this.#init.epoch,
      backend,
      backendReason,
      tables: this.#backends,
    });
  }

  #tellBuffers(): void {
    const pass = this.#collector.buffers?.take();
    if (pass === undefined) return;
    this.#post({ kind: "buffers", epoch: this.#init.epoch, pass });
  }

  #publish(table: TableCollector, tick: number, startedAtMs: number): void {
    const { epoch } = this.#init;
    const { rows } = table;
    const births = rows.takeBirths();
    if (births !== undefined) {
      this.#post({ kind: "births", epoch, table: rows.table, ...births });
    }
    const columns = rows.columns;
    let writer = this.#writers.get(table);
    if (writer === undefined || columns.count > writer.capacity) {
      writer = new BlockWriter(
        // Half as much again, so that steady growth does not move the block at every tick.
        allocateBlock(columns.count * 1.5, rows.columnNames.length),
      );
      this.#writers.set(table, writer);
      this.#post({
        kind: "block",
        epoch,
        table: rows.table,
        buffer: writer.buffer,
      });
    }
    writer.write(
      { epoch, tick, birthSeq: rows.birthSeq, startedAtMs },
      columns,
    );
  }

  #post(message: FromWorker): void {
    this.#thread.post(versioned(message));
  }
}

function backendOf(
  { rows, backend, backendReason, isLowerBound }: BackedTable,
): TableBackend {
  return {
    table: rows.table,
    backend,
    backendReason,
    ...(isLowerBound === true ? { isLowerBound } : {}),
  };
}

function isSmooth({ failure, skipped }: TableOutcome): boolean {
  if (failure !== undefined) return false;
  for (const _ in skipped) return false;
  return true;
}

/** Serves `collect`, and what is done aside, on this thread: called once, by a worker's entry module. */
export function serveCollector(
  collect: (kernel: KernelPort, init: Init) => Collector,
  collectAside?: (
    kernel: KernelPort,
    init: Init,
    collector: Collector,
  ) => Aside | undefined,
): void {
  let run: CollectorRun | undefined;
  let naps: Naps | undefined;
  self.onmessage = (event: MessageEvent<unknown>) => {
    const message = parseToWorker(event.data);
    switch (message.kind) {
      case "init": {
        const kernel = openLibc();
        const pulse = message.pulse && new PulseWriter(message.pulse);
        naps = pulse &&
          new Naps({
            monotonicMs: kernel.monotonicMs,
            sleep: (delayMs) => pulse.sleep(delayMs),
            timer: after,
          });
        const thread: ThreadPort = {
          kernel,
          post: (out, transfer) =>
            transfer === undefined
              ? self.postMessage(out)
              : self.postMessage(out, [...transfer]),
          after: naps?.after ?? after,
          beat: pulse && ((beat) => pulse.beat(beat)),
        };
        const collector = collect(kernel, message);
        run = new CollectorRun(
          thread,
          message,
          collector,
          collectAside?.(kernel, message, collector),
        );
        break;
      }
      case "retune":
        run?.retune(message.intervalMs, message.holdersMs);
        break;
      case "renew":
        run?.renew();
        break;
      case "stop":
        run?.stop();
        self.close();
        return;
    }
    naps?.nap();
  };
}

function after(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}
