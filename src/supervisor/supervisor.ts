/**
 * Owns the collectors' workers as a whole: one tick for all of them, and an orderly stop. In: SupervisorOptions. Out: the
 * workers' messages to the sink, the health of each collector. What happens to one worker is in supervised_collector.ts;
 * the last good sample, which is served meanwhile, is the sink's.
 * @module
 */
import type { CollectorName } from "../../workers/protocol.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import { CountedTime } from "./counted_time.ts";
import {
  type CollectorSpec,
  DEFAULT_LIMITS,
  type SupervisorLimits,
  type SupervisorOptions,
} from "./ports.ts";
import { SupervisedCollector } from "./supervised_collector.ts";

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #limits: SupervisorLimits;
  readonly #time: CountedTime;
  readonly #collectors: readonly SupervisedCollector[];
  readonly #onTick = (): void => this.#tick();
  #cancelTick: (() => void) | undefined;
  #stopping: Promise<void> | undefined;
  #givenUp = false;

  constructor(options: SupervisorOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const time = new CountedTime(options.clock, limits);
    const giveUp = (message: string): void => this.#giveUp(message);
    this.#options = options;
    this.#limits = limits;
    this.#time = time;
    this.#collectors = options.collectors.map((spec) =>
      new SupervisedCollector(spec, { options, limits, time, giveUp })
    );
  }

  /** Starts the workers and the watch over them; once. */
  start(): void {
    if (this.#cancelTick !== undefined || this.#stopping !== undefined) return;
    this.#time.tick();
    for (const collector of this.#collectors) collector.start();
    this.#armTick();
  }

  /** Takes in what the workers sampled up to now without telling by a message. */
  catchUp(): void {
    for (const collector of this.#collectors) collector.catchUp();
  }

  /** One entry per collector, in the order in which they were given. */
  health(): readonly CollectorHealth[] {
    this.catchUp();
    return this.#collectors.map((collector) => collector.health());
  }

  /** Has each collector sample at its interval of `specs` from now on. */
  retune(specs: readonly CollectorSpec[]): void {
    for (const spec of specs) {
      this.#collectors.find(({ name }) => name === spec.name)?.retune(spec);
    }
  }

  /** Has a worker look sooner at what depends on which objects there are. */
  renew(name: CollectorName): void {
    this.#collectors.find((collector) => collector.name === name)?.renew();
  }

  /** Stops all workers and every timer; waits at most `stopMs` for them. Later calls wait for the same stop. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#cancelTick?.();
    await Promise.all(this.#collectors.map((collector) => collector.stop()));
  }

  #armTick(): void {
    this.#cancelTick = this.#options.clock.after(
      this.#limits.tickMs,
      this.#onTick,
    );
  }

  #tick(): void {
    this.#armTick();
    const onTime = this.#time.tick();
    this.catchUp();
    for (const collector of this.#collectors) collector.tick(onTime);
  }

  #giveUp(message: string): void {
    if (this.#givenUp) return;
    this.#givenUp = true;
    this.#options.fatal(message);
  }
}
