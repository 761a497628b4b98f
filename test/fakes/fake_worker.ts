/**
 * Owns a worker without a thread, which says what a test makes it say. In: the supervisor's messages. Out: the protocol's,
 * or whatever else a worker could do: fail, end silently, spin, send garbage.
 * @module
 */
import type { WorkerLike } from "../../src/supervisor/ports.ts";
import {
  type FromWorker,
  type Init,
  type Sampled,
  type TableFailure,
  type TableOutcome,
  type ToWorker,
  versioned,
} from "../../workers/protocol.ts";

/** A table outcome without a failure. */
export function good(table: TableOutcome["table"] = "map"): TableOutcome {
  return { table, skipped: {} };
}

/** A table outcome with one. */
export function bad(
  failure: Partial<TableFailure> = {},
  table: TableOutcome["table"] = "map",
): TableOutcome {
  return {
    table,
    skipped: {},
    failure: {
      call: "BPF_MAP_GET_NEXT_ID",
      errno: "ENOMEM",
      unavailable: false,
      ...failure,
    },
  };
}

export class FakeWorker implements WorkerLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onmessageerror: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  readonly received: ToWorker[] = [];
  readonly threadId: number;
  terminated = false;
  /** Whether its thread is listed. */
  alive = true;
  /** As a runtime that cannot end a thread which spins. */
  spins = false;
  #tick = 0;

  constructor(threadId: number) {
    this.threadId = threadId;
  }

  postMessage(message: ToWorker): void {
    this.received.push(message);
  }

  terminate(): void {
    this.terminated = true;
    if (!this.spins) this.alive = false;
  }

  get init(): Init {
    const first = this.received[0];
    if (first?.kind !== "init") {
      throw new Error(
        `Cannot speak as a worker: expected init first, found ${first?.kind}`,
      );
    }
    return first;
  }

  /** Sends anything. */
  send(data: unknown): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  /** Sends a message of the protocol. */
  say(message: FromWorker): void {
    this.send(versioned(message));
  }

  ready(epoch = this.init.epoch): void {
    this.say({
      kind: "ready",
      epoch,
      threadId: this.threadId,
      backend: "walk",
      backendReason: "the only one",
      tables: [],
    });
  }

  sample(changes: Partial<Sampled> = {}): void {
    this.say({
      kind: "sampled",
      epoch: this.init.epoch,
      tick: ++this.#tick,
      startedAtMs: this.#tick,
      durationMs: 1,
      missedTicks: 0,
      syscalls: 3,
      tables: [good()],
      ...changes,
    });
  }

  stopped(): void {
    this.say({ kind: "stopped", epoch: this.init.epoch });
  }

  /** Fails as by an uncaught error. Returns whether the event was prevented, without which the process would end. */
  fail(message: string): boolean {
    this.alive = false;
    const event = new ErrorEvent("error", { message, cancelable: true });
    this.onerror?.(event);
    return event.defaultPrevented;
  }

  /** Sends what cannot be deserialized. */
  failToDeserialize(): void {
    this.onmessageerror?.(new MessageEvent("messageerror"));
  }

  /** Ends as by `self.close()`. */
  endSilently(): void {
    this.alive = false;
  }
}
