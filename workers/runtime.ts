/**
 * Owns the message loop that every worker shares: Init, then samples by the cadence until Stop. In: a collector's
 * constructor. Out: Ready, births, blocks and Sampled messages, always births before the sample that refers to them.
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { type KernelPort, openLibc } from "../ffi/mod.ts";
import { Cadence } from "./cadence.ts";
import type { BackedTable, Collector, TableCollector } from "./collector.ts";
import { allocateBlock, BlockWriter } from "./columns.ts";
import {
  type FromWorker,
  type Init,
  parseToWorker,
  type TableBackend,
  versioned,
} from "./protocol.ts";

/** What a running collector needs of its thread. */
export interface ThreadPort {
  readonly kernel: KernelPort;
  post(message: FromWorker): void;
  /** Calls once, after `delayMs`; the answer cancels. */
  after(delayMs: number, callback: () => void): () => void;
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
  /** As the main thread knows them. */
  #backends: readonly TableBackend[];

  /** Announces the collector and takes its first sample. */
  constructor(thread: ThreadPort, init: Init, collector: Collector) {
    this.#thread = thread;
    this.#init = init;
    this.#collector = collector;
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
    this.#sampleAndWait();
  }

  /** Samples at another interval, the first time one interval from now. */
  retune(intervalMs: number): void {
    this.#cancel();
    this.#cadence = new Cadence(this.#thread.kernel.monotonicMs(), intervalMs);
    this.#wait();
  }

  /** No sample is taken any more. */
  stop(): void {
    this.#cancel();
    this.#post({ kind: "stopped", epoch: this.#init.epoch });
  }

  readonly #sampleAndWait = (): void => {
    this.#sample();
    this.#wait();
  };

  #wait(): void {
    const nowMs = this.#thread.kernel.monotonicMs();
    this.#cancel = this.#thread.after(
      this.#cadence.next(nowMs) - nowMs,
      this.#sampleAndWait,
    );
  }

  #sample(): void {
    const { epoch } = this.#init;
    const { kernel } = this.#thread;
    const startedAtMs = kernel.monotonicMs();
    const tick = ++this.#tick;
    const tables = this.#collector.tables.map((table) => {
      const outcome = table.sample();
      if (outcome.failure === undefined) {
        this.#publish(table, tick, startedAtMs);
      }
      return outcome;
    });
    this.#tellBackend();
    let syscalls = 0;
    for (const table of this.#collector.tables) syscalls += table.syscalls;
    this.#post({
      kind: "sampled",
      epoch,
      tick,
      startedAtMs,
      durationMs: kernel.monotonicMs() - startedAtMs,
      missedTicks: this.#cadence.takeMissed(),
      syscalls: syscalls - this.#syscalls,
      tables,
    });
    this.#syscalls = syscalls;
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

/** Serves `collect` on this thread: called once, by a worker's entry module. */
export function serveCollector(
  collect: (kernel: KernelPort, init: Init) => Collector,
): void {
  let run: CollectorRun | undefined;
  self.onmessage = (event: MessageEvent<unknown>) => {
    const message = parseToWorker(event.data);
    switch (message.kind) {
      case "init": {
        const kernel = openLibc();
        const thread: ThreadPort = {
          kernel,
          post: (out) => self.postMessage(out),
          after: (delayMs, callback) => {
            const timer = setTimeout(callback, delayMs);
            return () => clearTimeout(timer);
          },
        };
        run = new CollectorRun(thread, message, collect(kernel, message));
        break;
      }
      case "retune":
        run?.retune(message.intervalMs);
        break;
      case "stop":
        run?.stop();
        self.close();
        break;
    }
  };
}
