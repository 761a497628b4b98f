/**
 * Owns when the links worker looks for who keeps objects alive, and that nothing of it reaches the sampling of links. In: open
 * iterators, an interval, word that the set of objects changed. Out: a message after each look. A look waits so long after the
 * one before that all together take BUDGET of a core at most: on a large node they are fewer, never none. What counts is
 * the CPU that a look took, so a node that is busy with other things is looked at as often as one at rest.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import type { Aside, AsideMessage } from "../aside.ts";
import type { CollectInit } from "../protocol.ts";
import { HoldersLook } from "./holders_pass.ts";
import type { HoldersPass } from "./holders_model.ts";

const USUAL_INTERVAL_MS = 5_000;
/** Between two looks, however often the set of objects changes. */
const LEAST_INTERVAL_MS = 1_000;
/** Share of a core, of CPU time to wall time. */
const BUDGET = 0.02;

/** What is looked with. */
export interface Look {
  take(): HoldersPass | string;
}

export class HoldersCollector implements Aside {
  readonly #kernel: Pick<KernelPort, "monotonicMs" | "threadCpuMs">;
  readonly #look: Look | string;
  #intervalMs: number;
  /** The first follows the first sample of links at once. */
  #dueAtMs = -Infinity;
  /** What the last look allows. */
  #notBeforeMs = -Infinity;
  #startedAtMs = -Infinity;
  #toldWhy = "";

  constructor(
    kernel: Pick<KernelPort, "monotonicMs" | "threadCpuMs">,
    look: Look | string,
    intervalMs: number = USUAL_INTERVAL_MS,
  ) {
    this.#kernel = kernel;
    this.#look = look;
    this.#intervalMs = intervalMs;
  }

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** The set of objects changed. */
  renew(): void {
    this.#dueAtMs = Math.min(this.#dueAtMs, this.#notBeforeMs);
  }

  retune(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    if (this.#notBeforeMs === Infinity) return;
    this.#dueAtMs = Math.max(this.#startedAtMs + intervalMs, this.#notBeforeMs);
  }

  run(): AsideMessage | undefined {
    if (typeof this.#look === "string") {
      this.#dueAtMs = this.#notBeforeMs = Infinity;
      return this.#failed(this.#look);
    }
    const startMs = this.#kernel.monotonicMs();
    this.#startedAtMs = startMs;
    const fromCpuMs = this.#kernel.threadCpuMs();
    const taken = this.#tryTo(this.#look);
    const cpuMs = this.#kernel.threadCpuMs() - fromCpuMs;
    this.#notBeforeMs = startMs + Math.max(LEAST_INTERVAL_MS, cpuMs / BUDGET);
    this.#dueAtMs = Math.max(startMs + this.#intervalMs, this.#notBeforeMs);
    if (typeof taken === "string") return this.#failed(taken);
    this.#toldWhy = "";
    return {
      message: { kind: "holders", pass: taken },
      transfer: [taken.holds.buffer, taken.references.buffer].filter(
        (buffer) => buffer instanceof ArrayBuffer,
      ),
    };
  }

  #tryTo(look: Look): HoldersPass | string {
    try {
      return look.take();
    } catch (error) {
      return String(error).split("\n", 1)[0];
    }
  }

  /** Told once, until it is another reason or there was a look in between. */
  #failed(reason: string): AsideMessage | undefined {
    if (this.#toldWhy === reason) return undefined;
    this.#toldWhy = reason;
    return { message: { kind: "holders_failed", reason } };
  }
}

/** The holders' part of the links worker; undefined where nobody tried to open its iterators. */
export function collectHolders(
  kernel: KernelPort,
  { iterators, leaveOut, holdersMs }: CollectInit,
): HoldersCollector | undefined {
  const open = iterators?.holders;
  if (open === undefined) return undefined;
  return new HoldersCollector(
    kernel,
    typeof open === "string" ? open : new HoldersLook(kernel, open, leaveOut),
    holdersMs,
  );
}
