/**
 * Owns one reader of an endless answer. In: what to send and how often. Out: events at their times, until the reader goes.
 * One that is behind misses events: no more than two wait for it, whatever its pace. One that takes nothing for half a
 * minute is cut off.
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { HttpEnv } from "../env.ts";

/** Proxies close what is silent for a minute or less. */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ": still here\n\n";
/** A reader that has not taken an event by then is gone. */
const TAKEN_WITHIN_MS = 30_000;

/** What hono/streaming gives. */
export interface EventWriter {
  /** Resolves when there is room for the next. */
  write(text: string): Promise<unknown>;
  onAbort(listener: () => void): void;
  abort(): void;
}

export class EventReader {
  readonly #writer: EventWriter;
  readonly #outgoing: HttpEnv["Bindings"]["outgoing"];
  readonly #clock: Clock;
  #gone = false;
  /** Ends the present wait. One at a time: a promise raced again and again would keep every race alive. */
  #wake = () => {};

  constructor(
    writer: EventWriter,
    outgoing: HttpEnv["Bindings"]["outgoing"],
    clock: Clock,
  ) {
    this.#writer = writer;
    this.#outgoing = outgoing;
    this.#clock = clock;
    writer.onAbort(() => this.#end());
    outgoing?.once("close", () => this.#end());
    if (outgoing?.destroyed === true) this.#end();
  }

  /** Sends what `event` gives now and every `intervalMs`; resolves when the reader is gone. */
  async serve(event: () => string, intervalMs: number): Promise<void> {
    let dueMs = this.#clock.monotonicMs();
    while (!this.#gone) {
      await this.#send(event());
      const nowMs = this.#clock.monotonicMs();
      dueMs = Math.max(dueMs + intervalMs, nowMs);
      await this.#idleUntil(dueMs);
    }
  }

  async #idleUntil(dueMs: number): Promise<void> {
    while (!this.#gone) {
      const leftMs = dueMs - this.#clock.monotonicMs();
      if (leftMs <= 0) return;
      await this.#waitFor(Math.ceil(Math.min(leftMs, HEARTBEAT_MS)));
      if (leftMs > HEARTBEAT_MS && !this.#gone) await this.#send(HEARTBEAT);
    }
  }

  /** Until the reader took `text`, or is gone. */
  async #send(text: string): Promise<void> {
    const cancel = this.#clock.after(TAKEN_WITHIN_MS, () => this.#cut());
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#writer.write(text).then(() => resolve(), () => this.#end());
    });
    cancel();
  }

  async #waitFor(ms: number): Promise<void> {
    let cancel = () => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      cancel = this.#clock.after(ms, resolve);
    });
    cancel();
  }

  #cut(): void {
    this.#outgoing?.destroy();
    this.#writer.abort();
    this.#end();
  }

  #end(): void {
    this.#gone = true;
    this.#wake();
  }
}
