/**
 * Owns the lives of one collector's worker: start, ready, samples, silence, end, pause, next start. In: what the worker
 * sends, the supervisor's ticks. Out: messages to the sink, health, and at worst one call of `giveUp`.
 * A worker that fails says so by an `error` event. One that closes itself ends without any event, so its thread is looked
 * for. One that spins is not ended by terminate() in every version of the runtime, so its thread is watched, and where
 * that stays the process has to end.
 * @module
 */
import type {
  CollectorName,
  FromWorker,
  Ready,
  Sampled,
} from "../../workers/protocol.ts";
import type { Beat } from "../../workers/pulse.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import { HealthRecord } from "./health_record.ts";
import type { CollectorSpec, SupervisorLimits } from "./ports.ts";
import { BackOff, CollectorDeadlines } from "./timing.ts";
import {
  firstLineOf,
  type LifeListener,
  type Surroundings,
  WorkerLife,
} from "./worker_life.ts";

/** One may be the machine's fault. */
const MOST_HUNG_STARTS = 1;

type Phase =
  /** started, and not ready yet */
  | "starting"
  /** ready */
  | "running"
  /** terminated; its thread is watched until it is gone */
  | "ending"
  /** gone, or not there yet; the next one starts after a pause */
  | "pausing"
  /** stopped on purpose, or given up */
  | "over";

export class SupervisedCollector implements LifeListener {
  #spec: CollectorSpec;
  readonly #surroundings: Surroundings;
  readonly #record: HealthRecord;
  #deadlines: CollectorDeadlines;
  readonly #backOff: BackOff;
  #silenceMs: number;
  #phase: Phase = "pausing";
  #epoch = 0;
  #life: WorkerLife | undefined;
  /** Why the present life was terminated, and the ticks since. */
  #verdict = "";
  #ticksSinceVerdict = 0;
  #toldToWait = false;
  /** The last sample of which a message told. */
  #told: Sampled | undefined;
  /** Workers in a row that were never ready: where such a thread spins, nobody can end it, and its number is not known. */
  #hungStarts = 0;
  #cancelPause: (() => void) | undefined;
  #stopped: (() => void) | undefined;

  constructor(spec: CollectorSpec, surroundings: Surroundings) {
    const { limits, options } = surroundings;
    this.#spec = spec;
    this.#surroundings = surroundings;
    this.#record = new HealthRecord(spec, options.log);
    this.#backOff = new BackOff(limits);
    this.#deadlines = new CollectorDeadlines(
      spec.intervalMs,
      limits.leastGraceMs,
    );
    this.#silenceMs = silenceMs(spec, limits);
  }

  get name(): CollectorName {
    return this.#spec.name;
  }

  health(): CollectorHealth {
    return this.#record.health();
  }

  /** Starts a worker as soon as one may be started. */
  start(): void {
    const { name } = this.#spec;
    const reason = this.#surroundings.options.mayRespawn();
    if (reason !== undefined) {
      this.#wait(reason);
      return;
    }
    this.#toldToWait = false;
    this.#epoch++;
    if (this.#epoch > 1) this.#record.restarted();
    try {
      this.#phase = "starting";
      this.#life = new WorkerLife(
        this.#spec,
        this.#epoch,
        this.#surroundings,
        this,
      );
    } catch (error) {
      this.#pause(`Cannot start the ${name} worker: ${firstLineOf(error)}`, 0);
    }
  }

  /** Looks at the worker. `onTime`: false where messages may wait behind this tick, so that none is overdue yet. */
  tick(onTime: boolean): void {
    const nowMs = this.#surroundings.time.nowMs();
    const missed = this.#deadlines.missed(nowMs);
    const overdue = this.#phase === "running" &&
      this.#deadlines.isLifeOverdue(nowMs);
    if (onTime && missed > this.#record.overdueInARow) {
      this.#record.overdue(
        missed,
        overdue
          ? `Cannot sample ${this.#spec.name} in time: expected a sample at most ${this.#deadlines.graceMs} ms after it was due, found none`
          : undefined,
      );
    }
    const life = this.#life;
    if (life === undefined) return;
    if (this.#phase === "starting") this.#watchStart(life, nowMs);
    else if (this.#phase === "running") this.#watch(life, nowMs, overdue);
    else if (this.#phase === "ending") this.#watchEnd(life);
  }

  /** Samples at the intervals of `spec` from now on. */
  retune(spec: CollectorSpec): void {
    const { intervalMs, holdersMs } = spec;
    const before = this.#spec;
    if (intervalMs === before.intervalMs && holdersMs === before.holdersMs) {
      return;
    }
    const { limits, time } = this.#surroundings;
    this.#spec = spec;
    this.#record.retuned(this.#spec);
    this.#deadlines = new CollectorDeadlines(intervalMs, limits.leastGraceMs);
    this.#deadlines.sampled(time.nowMs());
    this.#silenceMs = silenceMs(this.#spec, limits);
    this.#life?.retune(spec);
  }

  /** The set of objects changed. */
  renew(): void {
    this.#life?.renew();
  }

  /** Asks the worker to stop, gives it a moment, terminates it. Nothing is started afterwards. */
  async stop(): Promise<void> {
    this.#phase = "over";
    this.#cancelPause?.();
    const life = this.#life;
    if (life === undefined || life.ended) return;
    life.askToStop();
    const { limits, options } = this.#surroundings;
    await new Promise<void>((resolve) => {
      const cancel = options.clock.after(limits.stopMs, resolve);
      this.#stopped = () => {
        cancel();
        resolve();
      };
    });
    life.end();
  }

  take(message: FromWorker): void {
    const { name } = this.#spec;
    const { sink } = this.#surroundings.options;
    switch (message.kind) {
      case "ready":
        return this.#ready(message);
      case "backend":
        this.#record.backend(message);
        return this.#surroundings.options.log.warn(
          `The ${name} are sampled by the ${message.backend} now: ${message.backendReason}`,
        );
      case "block":
        return sink.block(message, name);
      case "births":
        return sink.births(message, name);
      case "sampled":
        this.#told = message;
        this.#note(message);
        return sink.sampled(message, name);
      case "loads":
        return sink.loads?.(message);
      case "holders":
        return sink.holders?.(message);
      case "holders_failed":
        this.#surroundings.options.log.warn(
          `Who keeps objects alive cannot be found out: ${message.reason}`,
        );
        return sink.holdersFailed?.(message);
      case "buffers":
        return sink.buffers?.(message);
      case "cpu_entries":
        return sink.cpuEntries?.(message);
      case "operations":
        return sink.operations?.(message);
      case "operations_failed":
        this.#surroundings.options.log.warn(
          `Operations on maps cannot be counted: ${message.reason}`,
        );
        return sink.operationsFailed?.(message);
      case "run_stats":
        return sink.runStats?.(message);
      case "run_stats_failed":
        this.#surroundings.options.log.warn(
          `Run-time statistics cannot be kept: ${message.reason}`,
        );
        return sink.runStatsFailed?.(message);
      case "stopped":
        return this.failed(
          `The ${name} worker stopped, and nobody had asked it to`,
        );
    }
  }

  repeat(beat: Beat): void {
    if (this.#told === undefined) return;
    const message = { ...this.#told, ...beat };
    this.#note(message);
    this.#surroundings.options.sink.repeated?.(message, this.#spec.name);
  }

  /** Takes in the samples of which no message tells. */
  catchUp(): void {
    this.#life?.catchUp();
  }

  /** Ends a life whose thread is gone, about to go, or unknown. */
  failed(sentence: string): void {
    // Asked to stop, a worker may also do so by failing.
    if (this.#phase === "over") return this.#stopped?.();
    this.#life?.end();
    this.#verdict = sentence;
    this.#bury();
  }

  /** Terminates a worker that may go on running, and watches its thread where that is known. */
  broken(sentence: string): void {
    if (this.#phase === "over") return this.#stopped?.();
    this.#life?.end();
    this.#verdict = sentence;
    this.#ticksSinceVerdict = 0;
    this.#record.failing(sentence);
    this.#phase = "ending";
    if (this.#life?.isGone()) this.#bury();
  }

  #note(message: Sampled): void {
    const nowMs = this.#surroundings.time.nowMs();
    this.#record.sampled(message, nowMs);
    this.#deadlines.sampled(nowMs);
  }

  #ready(message: Ready): void {
    this.#hungStarts = 0;
    this.#life?.ready(message);
    this.#record.backend(message);
    if (this.#phase === "starting") this.#phase = "running";
    this.#deadlines.ready(this.#surroundings.time.nowMs());
    this.#surroundings.options.log.info(
      `The ${this.#spec.name} worker is ready: backend ${message.backend}, ${message.backendReason}`,
      { collector: this.#spec.name, epoch: message.epoch },
    );
  }

  #watchStart(life: WorkerLife, nowMs: number): void {
    const { readyMs } = this.#surroundings.limits;
    if (life.ageMs(nowMs) < readyMs) return;
    if (++this.#hungStarts > MOST_HUNG_STARTS) {
      life.end();
      this.#phase = "over";
      this.#surroundings.giveUp(
        `The ${this.#spec.name} worker hung before it was ready, again and again; the process ends, for its service manager to start it again`,
      );
      return;
    }
    this.failed(
      `Cannot start the ${this.#spec.name} worker: expected it to be ready within ${readyMs} ms, found nothing`,
    );
  }

  #watch(life: WorkerLife, nowMs: number, overdue: boolean): void {
    const silent = life.silentMs(nowMs) >= this.#silenceMs;
    if (!overdue && !silent) return;
    if (life.isGone()) {
      this.failed(`The ${this.#spec.name} worker ended without an error`);
    } else if (silent) {
      this.broken(
        `The ${this.#spec.name} worker hung: it said nothing for ${this.#silenceMs} ms`,
      );
    }
  }

  #watchEnd(life: WorkerLife): void {
    const { limits } = this.#surroundings;
    if (life.isGone()) {
      this.#bury();
    } else if (++this.#ticksSinceVerdict >= limits.goneWithinTicks) {
      this.#phase = "over";
      this.#surroundings.giveUp(
        `The ${this.#spec.name} worker's thread hangs and cannot be stopped; the process ends, for its service manager to start it again`,
      );
    }
  }

  #bury(): void {
    const goodMs = this.#life?.goodMs(this.#surroundings.time.nowMs()) ?? 0;
    this.#life = undefined;
    this.#surroundings.options.buried?.(this.#spec.name);
    this.#pause(this.#verdict, goodMs);
  }

  #pause(sentence: string, goodMs: number): void {
    const { name } = this.#spec;
    const { clock, log, sink } = this.#surroundings.options;
    const pauseMs = this.#backOff.nextMs(goodMs);
    this.#phase = "pausing";
    this.#record.ended(sentence);
    log.error(sentence, {
      collector: name,
      epoch: this.#epoch,
      restart_in_ms: pauseMs,
    });
    this.#deadlines.away(this.#surroundings.time.nowMs());
    this.#cancelPause = clock.after(pauseMs, () => this.start());
    sink.ended?.(name);
  }

  #wait(reason: string): void {
    const { limits, options } = this.#surroundings;
    const sentence =
      `Cannot start the ${this.#spec.name} worker yet: ${reason}`;
    this.#record.waiting(sentence);
    if (!this.#toldToWait) options.log.warn(sentence);
    this.#toldToWait = true;
    this.#deadlines.away(this.#surroundings.time.nowMs());
    this.#cancelPause = options.clock.after(
      limits.tickMs,
      () => this.start(),
    );
  }
}

/** After so long without a word a worker hangs. */
function silenceMs(spec: CollectorSpec, limits: SupervisorLimits): number {
  return Math.max(
    limits.silenceIntervals * spec.intervalMs,
    limits.leastSilenceMs,
  );
}
