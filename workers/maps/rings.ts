/**
 * Owns the looks at ring buffers: when, and what of them. In: the iterators that acquire() opened. Out: rows of RING_COLUMNS, and how
 * long the next look can wait. Nothing is held of a ring but numbers, and nothing of its owner's is touched.
 *
 * A look over all maps finds rings that are new, and tells those that are gone; one over the known rings alone costs the same beside
 * however many maps, and leaves as it was the row of a ring that it does not find.
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
import { RingTurns } from "./ring_turns.ts";

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
const STRIDE = RING_COLUMNS.length;
const ID_WORD = RING_RECORD.id / 4;

export interface RingLookOptions {
  /** Of one core; looks are that rare at least that they take no more. */
  readonly cpuShare?: number;
  /** Another number whenever a ring was seen to come or go; absent: nobody sees it but the looks. */
  readonly roll?: () => number;
}

export class RingCollector extends IteratorLook {
  readonly #hasPendingPos: boolean;
  readonly #turns: RingTurns;
  readonly #roll: () => number;
  /** Of the rings that are known; absent where there is no way to those alone. */
  readonly #known: IteratorSession | undefined;
  readonly #losses: RingLossProbe | undefined;
  readonly #sweep: IteratorSession | undefined;
  #skipsLosses = false;
  #skippedAtMs = -Infinity;
  #sweptAtMs = -Infinity;
  /** Ascending by map id, as their records and rows. */
  #accounts: RingAccount[] = [];
  #lastRoll = NaN;
  /** The latest look went over all maps. */
  #wasFull = true;

  constructor(
    kernel: KernelPort,
    rings: OpenRings,
    { cpuShare = DEFAULT_CPU_SHARE, roll = () => 0 }: RingLookOptions = {},
  ) {
    super(kernel, rings);
    this.#hasPendingPos = rings.fields.includes("pendingPos");
    this.#roll = roll;
    const { losses, known } = rings;
    this.#turns = new RingTurns(known !== undefined, cpuShare);
    this.#known = known &&
      new IteratorSession(
        kernel,
        iterationsOf(kernel, known),
        known.recordBytes,
      );
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
    return super.calls + (this.#known?.calls ?? 0) + (this.#sweep?.calls ?? 0);
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
    const isFull = this.#accounts.length === 0;
    return Math.max(
      SHORTEST_MS,
      delayMs,
      this.#turns.paidMs(this.lookedAtMs, isFull),
    );
  }

  protected override read(startedAtMs: number): string | undefined {
    const roll = this.#roll();
    if (roll !== this.#lastRoll) this.#turns.isAsked = true;
    this.#lastRoll = roll;
    this.#wasFull = this.#accounts.length === 0 ||
      this.#turns.isFullAt(startedAtMs);
    let failure = this.#pass(startedAtMs);
    if (failure !== undefined && !this.#wasFull) {
      this.#turns.bar(startedAtMs);
      this.#wasFull = true;
      failure = this.#pass(this.kernel.monotonicMs());
    }
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
    this.#turns.pay(this.#wasFull, cpuMs);
  }

  /** Follows upon a pass, which told the probe's table what rings are there. */
  #tendLosses(nowMs: number): void {
    if (this.#losses === undefined) return;
    if (nowMs - this.#skippedAtMs >= SKIPPED_EVERY_MS) {
      this.#skippedAtMs = nowMs;
      // What was skipped once stays skipped.
      this.#skipsLosses ||= this.#losses.programFds.some((fd) =>
        (skippedRuns(this.kernel, fd) ?? 0) > 0
      );
    }
    // Only such a pass has seen all that are there.
    if (!this.#wasFull || nowMs - this.#sweptAtMs < SWEEP_EVERY_MS) return;
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
    return this.#known === undefined || this.#wasFull
      ? this.#passOverAll(startedAtMs)
      : this.#passOverKnown(this.#known, startedAtMs);
  }

  #passOverAll(startedAtMs: number): string | undefined {
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
    this.#turns.takeFull(startedAtMs);
    return undefined;
  }

  /** Its records come in no order, and of rings that are gone there is none. */
  #passOverKnown(
    known: IteratorSession,
    startedAtMs: number,
  ): string | undefined {
    const failure = this.run(known);
    if (failure !== undefined) return failure;
    const endedAtMs = this.kernel.monotonicMs();
    const { words, count, recordBytes } = known;
    const stride = recordBytes / 4;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const at = i * stride;
      const account = this.#accountOf(words[at + ID_WORD]);
      if (account?.serial !== serialAt(words, at)) continue;
      account.take(words, at, startedAtMs, endedAtMs);
      found++;
    }
    // Some went, or there are more than the short way leads to.
    if (found !== this.#accounts.length) this.#turns.isAsked = true;
    return undefined;
  }

  #accountOf(mapId: number): RingAccount | undefined {
    let low = 0;
    let high = this.#accounts.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const account = this.#accounts[middle];
      if (account.mapId === mapId) return account;
      if (account.mapId < mapId) low = middle + 1;
      else high = middle - 1;
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
