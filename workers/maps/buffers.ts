/**
 * Owns the looks at ring and perf buffers as the maps worker takes them: beside its ticks, each kind at a pace of its own. In: what
 * looks at each kind, or why nothing does. Out: one pass of all that is known, where something of it is new.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import type { BuffersCollector, Look } from "../collector.ts";
import type { BuffersPass } from "./buffers_model.ts";

/** What looks at one kind of buffer. */
export interface BufferLook extends Look {
  /** Valid until the next look. */
  readonly rows: Float64Array;
  /** Another number whenever a row may be another. */
  readonly revision: number;
  /** Looks since it was made, and the time that all of them took. */
  readonly looks: number;
  readonly spentMs: number;
  /** CLOCK_MONOTONIC of the latest one. */
  readonly lookedAtMs: number;
  /** One sentence while its rows are not those of its last look. */
  readonly failure: string | undefined;
}

export type BufferKind = "rings" | "perf";

/** What each kind costs is told so often at least, though no buffer changes. */
const COST_EVERY_MS = 5_000;
/** A look that threw is tried again so much later. */
const AFTER_FAULT_MS = 10_000;

const NO_ROWS = new Float64Array();

/**
 * @param kinds what looks at each kind, or one sentence why nothing does
 * @param areThere whether the node has maps of the kind at all: a look goes over every map, for nothing where there is none
 * @param ringLosses one sentence why losses of rings are not counted one by one; absent where they are
 */
export function watchBuffers(
  kernel: KernelPort,
  kinds: Readonly<Record<BufferKind, BufferLook | string>>,
  areThere: (kind: BufferKind) => boolean = () => true,
  ringLosses?: string,
): BuffersCollector {
  return new BuffersWatch(kernel, {
    rings: new Guarded(kinds.rings, () => areThere("rings")),
    perf: new Guarded(kinds.perf, () => areThere("perf")),
  }, ringLosses);
}

/** The fault boundary: whatever a look throws ends that look, and nothing else. */
class Guarded implements Look {
  readonly #inner: BufferLook | undefined;
  readonly #absence: string | undefined;
  readonly #areThere: () => boolean;
  #fault: string | undefined;
  #faults = 0;

  constructor(inner: BufferLook | string, areThere: () => boolean) {
    this.#areThere = areThere;
    if (typeof inner === "string") this.#absence = inner;
    else this.#inner = inner;
  }

  get isThere(): boolean {
    return this.#inner !== undefined;
  }

  look(): void {
    // Those that it knows of it must see go.
    if (this.looks > 0 && this.rows.length === 0 && !this.#areThere()) return;
    try {
      this.#inner?.look();
      this.#fault = undefined;
    } catch (error) {
      this.#faults++;
      this.#fault = `a look failed: ${
        error instanceof Error ? error.message : String(error)
      }`;
    }
  }

  get nextDelayMs(): number {
    return this.#fault === undefined
      ? this.#inner?.nextDelayMs ?? Infinity
      : AFTER_FAULT_MS;
  }

  get unavailable(): string | undefined {
    return this.#absence ?? this.#fault ?? this.#inner?.failure;
  }

  get rows(): Float64Array {
    return this.#inner?.rows ?? NO_ROWS;
  }

  get revision(): number {
    return (this.#inner?.revision ?? 0) + this.#faults;
  }

  get looks(): number {
    return this.#inner?.looks ?? 0;
  }

  get spentMs(): number {
    return this.#inner?.spentMs ?? 0;
  }

  get lookedAtMs(): number {
    return this.#inner?.lookedAtMs ?? 0;
  }
}

class BuffersWatch implements BuffersCollector {
  readonly #kernel: KernelPort;
  readonly #kinds: Readonly<Record<BufferKind, Guarded>>;
  readonly #ringLosses: string | undefined;
  readonly looks: readonly Look[];
  #toldAtMs = -Infinity;
  #toldRings = NaN;
  #toldPerf = NaN;

  constructor(
    kernel: KernelPort,
    kinds: Readonly<Record<BufferKind, Guarded>>,
    ringLosses: string | undefined,
  ) {
    this.#kernel = kernel;
    this.#kinds = kinds;
    this.#ringLosses = ringLosses;
    this.looks = Object.values(kinds).filter(({ isThere }) => isThere);
  }

  take(): BuffersPass | undefined {
    const { rings, perf } = this.#kinds;
    const nowMs = this.#kernel.monotonicMs();
    const isNew = rings.revision !== this.#toldRings ||
      perf.revision !== this.#toldPerf;
    // Where nothing looks there is no cost to tell.
    const isDue = this.looks.length > 0 &&
      nowMs - this.#toldAtMs >= COST_EVERY_MS;
    if (!isNew && !isDue) return undefined;
    this.#toldAtMs = nowMs;
    this.#toldRings = rings.revision;
    this.#toldPerf = perf.revision;
    return {
      takenAtMs: Math.max(rings.lookedAtMs, perf.lookedAtMs),
      passes: rings.looks + perf.looks,
      spentMs: rings.spentMs + perf.spentMs,
      periodMs: Math.min(rings.nextDelayMs, perf.nextDelayMs),
      rings: rings.rows.slice(),
      perf: perf.rows.slice(),
      unavailable: {
        ...(rings.unavailable === undefined
          ? {}
          : { rings: rings.unavailable }),
        ...(perf.unavailable === undefined ? {} : { perf: perf.unavailable }),
        ...(this.#ringLosses === undefined
          ? {}
          : { ringLosses: this.#ringLosses }),
      },
    };
  }
}
