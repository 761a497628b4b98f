/**
 * Owns the looks at ring buffers: when, and what of them. In: the iterator that acquire() opened. Out: rows of RING_COLUMNS, and how
 * long the next look can wait. Nothing is held of a ring but numbers, and nothing of its owner's is touched.
 * @module
 */
import {
  iterationsOf,
  IteratorSession,
  type KernelPort,
  type OpenRings,
  RING_RECORD,
  type RingLossProbe,
  skippedRuns,
} from "../../ffi/sampling.ts";
import { RING_COLUMNS } from "./buffers_model.ts";
import { IteratorLook } from "./iterator_look.ts";
import { CONFIRM_AFTER_MS, RingAccount, serialAt } from "./ring_account.ts";

/** Share of a ring that may be written between two looks. */
const LOOK_AT_SHARE = 0.35;
const SHORTEST_MS = 1;
const LONGEST_MS = 100;
/** Where there is no ring. */
const NO_RING_MS = 1_000;
/** Of one core. */
const DEFAULT_CPU_SHARE = 0.01;
/** How often what the loss probe skipped is asked for, and how often it forgets rings that are gone. */
const SKIPPED_EVERY_MS = 1_000;
const SWEEP_EVERY_MS = 60_000;
/** What the cost of the looks before still weighs. */
const COST_KEEPS = 0.9;

const STRIDE = RING_COLUMNS.length;
const ID_WORD = RING_RECORD.id / 4;

export interface RingLookOptions {
  /** Of one core; looks are that rare at least that they take no more. */
  readonly cpuShare?: number;
}

export class RingCollector extends IteratorLook {
  readonly #hasPendingPos: boolean;
  readonly #cpuShare: number;
  readonly #losses: RingLossProbe | undefined;
  readonly #sweep: IteratorSession | undefined;
  #skipsLosses = false;
  #skippedAtMs = -Infinity;
  #sweptAtMs = -Infinity;
  /** Ascending by map id, as their records and rows. */
  #accounts: RingAccount[] = [];
  #costMs = NaN;

  constructor(
    kernel: KernelPort,
    rings: OpenRings,
    { cpuShare = DEFAULT_CPU_SHARE }: RingLookOptions = {},
  ) {
    super(kernel, rings);
    this.#hasPendingPos = rings.fields.includes("pendingPos");
    this.#cpuShare = cpuShare;
    const { losses } = rings;
    this.#losses = losses;
    this.#sweep = losses &&
      new IteratorSession(
        kernel,
        iterationsOf(kernel, losses.sweep),
        losses.sweep.recordBytes,
      );
  }

  /** System calls since it was made. */
  override get calls(): number {
    return super.calls + (this.#sweep?.calls ?? 0);
  }

  /** As the fastest ring wants it, and never more often than may be paid for. */
  override get nextDelayMs(): number {
    let delayMs = this.#accounts.length === 0 ? NO_RING_MS : LONGEST_MS;
    for (const { sizeBytes, bytesPerMs, isBehind } of this.#accounts) {
      const wantedMs = isBehind
        ? SHORTEST_MS
        : LOOK_AT_SHARE * sizeBytes / bytesPerMs;
      if (wantedMs < delayMs) delayMs = wantedMs;
    }
    const paidMs = this.#costMs / this.#cpuShare;
    return Math.max(SHORTEST_MS, delayMs, paidMs > 0 ? paidMs : 0);
  }

  protected override read(startedAtMs: number): string | undefined {
    let failure = this.#pass(startedAtMs);
    if (failure === undefined && this.#accounts.some(isSuspect)) {
      failure = this.#pass(this.#waitFrom(this.kernel.monotonicMs()));
    }
    if (failure === undefined) this.#tendLosses(startedAtMs);
    return failure;
  }

  protected override write(): boolean {
    const length = this.#accounts.length * STRIDE;
    let changed = this.rows.length !== length;
    const rows = this.rowsFor(length);
    for (let i = 0; i < this.#accounts.length; i++) {
      changed = this.#accounts[i].write(rows, i * STRIDE, this.#skipsLosses) ||
        changed;
    }
    return changed;
  }

  protected override pay(cpuMs: number): void {
    this.#costMs = Number.isNaN(this.#costMs)
      ? cpuMs
      : this.#costMs * COST_KEEPS + cpuMs * (1 - COST_KEEPS);
  }

  /** Follows upon a pass over the rings, which told the probe's table what rings are there. */
  #tendLosses(nowMs: number): void {
    if (this.#losses === undefined) return;
    if (nowMs - this.#skippedAtMs >= SKIPPED_EVERY_MS) {
      this.#skippedAtMs = nowMs;
      // What was skipped once stays skipped.
      this.#skipsLosses ||= this.#losses.programFds.some((fd) =>
        (skippedRuns(this.kernel, fd) ?? 0) > 0
      );
    }
    if (nowMs - this.#sweptAtMs < SWEEP_EVERY_MS) return;
    this.#sweptAtMs = nowMs;
    // Where it fails the table fills up in time, and then says so.
    this.#sweep?.run();
  }

  /** Lets as much time go by as makes a suspicion a certainty: less than sleeping would take. */
  #waitFrom(endedAtMs: number): number {
    let nowMs = endedAtMs;
    while (nowMs - endedAtMs < CONFIRM_AFTER_MS) {
      nowMs = this.kernel.monotonicMs();
    }
    return nowMs;
  }

  #pass(startedAtMs: number): string | undefined {
    const failure = this.run();
    if (failure !== undefined) return failure;
    const endedAtMs = this.kernel.monotonicMs();
    const { words, count, recordBytes } = this.session;
    const stride = recordBytes / 4;
    if (!this.#areKnown(words, count, stride)) {
      this.#accounts = this.#renewed(words, count, stride);
    }
    for (let i = 0; i < count; i++) {
      this.#accounts[i].take(words, i * stride, startedAtMs, endedAtMs);
    }
    return undefined;
  }

  #areKnown(words: Uint32Array, count: number, stride: number): boolean {
    if (count !== this.#accounts.length) return false;
    for (let i = 0; i < count; i++) {
      const { mapId, serial } = this.#accounts[i];
      const at = i * stride;
      if (mapId !== words[at + ID_WORD] || serial !== serialAt(words, at)) {
        return false;
      }
    }
    return true;
  }

  /** An account for each record: that of before, or a new one. */
  #renewed(words: Uint32Array, count: number, stride: number): RingAccount[] {
    const known = new Map(this.#accounts.map((one) => [one.mapId, one]));
    return Array.from({ length: count }, (_, i) => {
      const at = i * stride;
      const id = words[at + ID_WORD];
      const serial = serialAt(words, at);
      const one = known.get(id);
      return one?.serial === serial
        ? one
        : new RingAccount(id, serial, this.#hasPendingPos);
    });
  }
}

function isSuspect(account: RingAccount): boolean {
  return account.isSuspect;
}
