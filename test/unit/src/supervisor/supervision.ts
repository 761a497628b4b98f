/**
 * Owns a supervisor among fakes, for the tests beside this file. In: what differs from one maps collector at 500 ms.
 * Out: the supervisor, its clock, the workers that it started, what it logged, sank and gave up for.
 * @module
 */
import type { CollectorHealth } from "../../../../src/state/collector_health.ts";
import type {
  SupervisorLog,
  SupervisorOptions,
} from "../../../../src/supervisor/ports.ts";
import { Supervisor } from "../../../../src/supervisor/supervisor.ts";
import {
  type CollectorName,
  initMessage,
  parseFromWorker,
} from "../../../../workers/protocol.ts";
import { FakeClock } from "../../../fakes/fake_clock.ts";
import { FakeWorker } from "../../../fakes/fake_worker.ts";

export class Supervision {
  readonly clock = new FakeClock();
  /** All that were started, by age. */
  readonly workers: FakeWorker[] = [];
  /** As `warn: text`. */
  readonly lines: string[] = [];
  /** As `maps sampled 3`. */
  readonly sunk: string[] = [];
  readonly fatal: string[] = [];
  /** Given to mayRespawn(). */
  reasonToWait: string | undefined;
  readonly supervisor: Supervisor;

  constructor(changes: Partial<SupervisorOptions> = {}) {
    this.supervisor = new Supervisor({
      collectors: [{ name: "maps", intervalMs: 500 }],
      spawn: () => this.#spawn(),
      parse: parseFromWorker,
      init: (epoch, intervalMs) => initMessage(epoch, intervalMs, undefined),
      clock: this.clock,
      log: this.#log(),
      threadExists: (id) =>
        this.workers.some((worker) => worker.threadId === id && worker.alive),
      mayRespawn: () => this.reasonToWait,
      fatal: (message) => this.fatal.push(message),
      sink: {
        block: (message, name) => this.#sink(name, message.kind),
        births: (message, name) => this.#sink(name, message.kind),
        holders: (message) => this.#sink("links", message.kind),
        sampled: (message, name) =>
          this.#sink(name, `${message.kind} ${message.tick}`),
        ended: (name) => this.#sink(name, "ended"),
      },
      ...changes,
    });
  }

  /** Starts the supervisor, and the first worker to its ready. */
  static sampling(changes: Partial<SupervisorOptions> = {}): Supervision {
    const all = new Supervision(changes);
    all.supervisor.start();
    all.worker.ready();
    all.worker.sample();
    return all;
  }

  /** The worker that was started last. */
  get worker(): FakeWorker {
    const last = this.workers.at(-1);
    if (last === undefined) {
      throw new Error("Cannot give a worker: expected one, found none");
    }
    return last;
  }

  /** Of the first collector. */
  get health(): CollectorHealth {
    const [first] = this.supervisor.health();
    if (first === undefined) {
      throw new Error("Cannot give a health: expected one, found none");
    }
    return first;
  }

  /** Lines of one level. */
  logged(level: keyof SupervisorLog): string[] {
    return this.lines.filter((line) => line.startsWith(`${level}: `));
  }

  /** Moves time on, while the present worker samples every 500 ms. */
  sampleFor(ms: number): void {
    for (let passedMs = 0; passedMs < ms; passedMs += 500) {
      this.clock.advance(500);
      this.worker.sample();
    }
  }

  /** Lets the present worker fail, and counts the milliseconds until the next one starts. */
  failAndCountPauseMs(): number {
    const before = this.workers.length;
    this.worker.fail("boom");
    let pauseMs = 0;
    while (this.workers.length === before && pauseMs < 60_000) {
      this.clock.advance(10);
      pauseMs += 10;
    }
    return pauseMs;
  }

  #spawn(): FakeWorker {
    const worker = new FakeWorker(100 + this.workers.length);
    this.workers.push(worker);
    return worker;
  }

  #sink(name: CollectorName, what: string): void {
    this.sunk.push(`${name} ${what}`);
  }

  #log(): SupervisorLog {
    const to = (level: string) => (message: string): void => {
      this.lines.push(`${level}: ${message}`);
    };
    return {
      debug: to("debug"),
      info: to("info"),
      warn: to("warn"),
      error: to("error"),
    };
  }
}
