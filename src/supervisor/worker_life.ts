/**
 * Owns one worker, from its start to its end. In: what the worker sends. Out: typed messages of this life alone, and in
 * one sentence why it cannot go on. What follows from that is decided in supervised_collector.ts.
 * @module
 */
import type {
  CollectorName,
  FromWorker,
  Init,
  Ready,
  ToWorker,
} from "../../workers/protocol.ts";
import { beginning } from "./begin.ts";
import type { CountedTime } from "./counted_time.ts";
import type { Beat } from "../../workers/pulse.ts";
import type {
  CollectorSpec,
  PulseLike,
  SupervisorLimits,
  SupervisorOptions,
  WorkerLike,
} from "./ports.ts";

/** What all collectors of a supervisor share. */
export interface Surroundings {
  readonly options: SupervisorOptions;
  readonly limits: SupervisorLimits;
  readonly time: CountedTime;
  /** As SupervisorOptions.fatal, but whoever calls first is the only one heard. */
  giveUp(message: string): void;
}

/** Who decides about a life. Not called any more once the life has ended. */
export interface LifeListener {
  /** What it throws is held against the worker. */
  take(message: FromWorker): void;
  /** A sample that no message told of: nothing was new in it. */
  repeat(beat: Beat): void;
  /** The worker failed; its thread ends by itself. */
  failed(sentence: string): void;
  /** The worker sent what cannot be taken, and may go on running. */
  broken(sentence: string): void;
}

export class WorkerLife {
  readonly #name: CollectorName;
  readonly #surroundings: Surroundings;
  readonly #listener: LifeListener;
  readonly #worker: WorkerLike;
  readonly #init: Init;
  readonly #pulse: PulseLike | undefined;
  /** The latest sample that was taken in. */
  #tick = 0;
  readonly #startedAtMs: number;
  #heardAtMs: number;
  #readyAtMs: number | undefined;
  #threadId: number | undefined;
  #ended = false;

  /** Starts the worker's thread, unless that was done. @throws where that is not possible */
  constructor(
    spec: CollectorSpec,
    epoch: number,
    surroundings: Surroundings,
    listener: LifeListener,
  ) {
    const { options, time } = surroundings;
    const { name } = spec;
    // Only a first life can be one that has begun.
    const early = epoch === 1 ? options.early?.(name) : undefined;
    const { init, pulse } = early ?? beginning(options, spec, epoch);
    this.#name = name;
    this.#surroundings = surroundings;
    this.#listener = listener;
    this.#startedAtMs = time.nowMs();
    this.#heardAtMs = this.#startedAtMs;
    this.#pulse = pulse;
    this.#init = init;
    this.#worker = early?.worker ?? options.spawn(name);
    this.#worker.onmessage = (event) => this.#take(event.data);
    this.#worker.onmessageerror = () =>
      this.#break("expected a message, found one that cannot be deserialized");
    this.#worker.onerror = (event) => {
      // Unprevented, it ends the process, also where the worker is one that was given up.
      event.preventDefault();
      if (this.#ended) return;
      listener.failed(`The ${name} worker failed: ${firstLineOf(event)}`);
    };
    if (early === undefined) this.#worker.postMessage(init);
  }

  get epoch(): number {
    return this.#init.epoch;
  }

  get ended(): boolean {
    return this.#ended;
  }

  ageMs(nowMs: number): number {
    return nowMs - this.#startedAtMs;
  }

  silentMs(nowMs: number): number {
    return nowMs - this.#heardAtMs;
  }

  /** Since the worker was ready; 0 where it never was. */
  goodMs(nowMs: number): number {
    return this.#readyAtMs === undefined ? 0 : nowMs - this.#readyAtMs;
  }

  ready(message: Ready): void {
    this.#readyAtMs = this.#heardAtMs;
    this.#threadId = message.threadId;
  }

  /** Whether its thread is gone, or was never known. */
  isGone(): boolean {
    return this.#threadId === undefined ||
      !this.#surroundings.options.threadExists(this.#threadId);
  }

  retune({ intervalMs, holdersMs }: CollectorSpec): void {
    const { version } = this.#init;
    this.#worker.postMessage({
      version,
      kind: "retune",
      intervalMs,
      ...(holdersMs === undefined ? {} : { holdersMs }),
    });
    this.#pulse?.wake();
  }

  renew(): void {
    const { version } = this.#init;
    this.#worker.postMessage({ version, kind: "renew" });
    this.#pulse?.wake();
  }

  askToStop(): void {
    this.#worker.postMessage(
      { version: this.#init.version, kind: "stop" } satisfies ToWorker,
    );
    this.#pulse?.wake();
  }

  /** Terminates the worker; nothing that it says counts any more. Its thread may stay for a while, or for ever. */
  end(): void {
    this.#ended = true;
    // A thread that is terminated in its sleep spins for ever in some versions of the runtime.
    this.#pulse?.wake();
    this.#worker.terminate();
  }

  /** Takes in the samples that no message tells of. Of those that a message is under way of nothing is known before it arrives. */
  catchUp(): void {
    if (this.#ended || this.#pulse === undefined) return;
    for (;;) {
      const beat = this.#pulse.take(this.#tick + 1);
      if (beat === undefined) return;
      this.#tick = beat.tick;
      this.#heardAtMs = this.#surroundings.time.nowMs();
      this.#listener.repeat(beat);
    }
  }

  #take(sent: unknown): void {
    if (this.#ended) return;
    try {
      const message = this.#surroundings.options.parse(sent);
      if (message.epoch !== this.epoch) return;
      this.#heardAtMs = this.#surroundings.time.nowMs();
      if (message.kind === "sampled") {
        this.catchUp();
        this.#tick = message.tick;
      }
      this.#listener.take(message);
    } catch (error) {
      this.#break(firstLineOf(error));
    }
  }

  #break(why: string): void {
    if (this.#ended) return;
    this.#listener.broken(
      `Cannot take a message of the ${this.#name} worker: ${why}`,
    );
  }
}

/** The first line of an error's message, so that a sentence stays one line. */
export function firstLineOf(error: unknown): string {
  const { message } = error as { message?: unknown };
  return String(message ?? error).split("\n", 1)[0] ?? "";
}
