/**
 * Owns the looks at ring buffers: when, and what of them. In: the iterator that acquire() opened. Out: rows of RING_COLUMNS, and how
 * long the next look can wait. Nothing is held of a ring but numbers, and nothing of its owner's is touched.
 * @module
 */
import {
  errnoName,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  type OpenRings,
  RING_RECORD,
} from "../../ffi/sampling.ts";
import type { BufferLook } from "./buffers.ts";
import { RING_COLUMNS } from "./buffers_model.ts";
import { CONFIRM_AFTER_MS, RingAccount, serialAt } from "./ring_account.ts";

/** Share of a ring that may be written between two looks. */
const LOOK_AT_SHARE = 0.35;
const SHORTEST_MS = 1;
const LONGEST_MS = 100;
/** Where there is no ring. */
const NO_RING_MS = 1_000;
/** Of one core. */
const DEFAULT_CPU_SHARE = 0.01;
/** What the cost of the looks before still weighs. */
const COST_KEEPS = 0.9;

const STRIDE = RING_COLUMNS.length;
const ID_WORD = RING_RECORD.id / 4;

export interface RingLookOptions {
  /** Of one core; looks are that rare at least that they take no more. */
  readonly cpuShare?: number;
}

export class RingCollector implements BufferLook {
  readonly #kernel: KernelPort;
  readonly #session: IteratorSession;
  readonly #hasPendingPos: boolean;
  readonly #cpuShare: number;
  /** Ascending by map id, as their records and rows. */
  #accounts: RingAccount[] = [];
  #rows = new Float64Array();
  #revision = 0;
  #looks = 0;
  #spentMs = 0;
  #lookedAtMs = 0;
  #costMs = NaN;
  #failure: string | undefined;

  constructor(
    kernel: KernelPort,
    rings: OpenRings,
    { cpuShare = DEFAULT_CPU_SHARE }: RingLookOptions = {},
  ) {
    this.#kernel = kernel;
    this.#session = new IteratorSession(
      kernel,
      iterationsOf(kernel, rings),
      rings.recordBytes,
    );
    this.#hasPendingPos = rings.fields.includes("pendingPos");
    this.#cpuShare = cpuShare;
  }

  get rows(): Float64Array {
    return this.#rows;
  }

  get revision(): number {
    return this.#revision;
  }

  get looks(): number {
    return this.#looks;
  }

  get spentMs(): number {
    return this.#spentMs;
  }

  get lookedAtMs(): number {
    return this.#lookedAtMs;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  /** System calls since it was made. */
  get calls(): number {
    return this.#session.calls;
  }

  /** As the fastest ring wants it, and never more often than may be paid for. */
  get nextDelayMs(): number {
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

  look(): void {
    const startedAtMs = this.#kernel.monotonicMs();
    this.#pass(startedAtMs);
    if (this.#failure === undefined && this.#accounts.some(isSuspect)) {
      this.#pass(this.#waitFrom(this.#kernel.monotonicMs()));
    }
    this.#writeRows();
    const endedAtMs = this.#kernel.monotonicMs();
    const costMs = endedAtMs - startedAtMs;
    this.#looks++;
    this.#spentMs += costMs;
    this.#lookedAtMs = endedAtMs;
    this.#costMs = Number.isNaN(this.#costMs)
      ? costMs
      : this.#costMs * COST_KEEPS + costMs * (1 - COST_KEEPS);
  }

  /** Lets as much time go by as makes a suspicion a certainty: less than sleeping would take. */
  #waitFrom(endedAtMs: number): number {
    let nowMs = endedAtMs;
    while (nowMs - endedAtMs < CONFIRM_AFTER_MS) {
      nowMs = this.#kernel.monotonicMs();
    }
    return nowMs;
  }

  #pass(startedAtMs: number): void {
    const session = this.#session;
    const failure = session.run();
    if (failure !== undefined) {
      const reason = `${failure.call} failed: ${errnoName(failure.errno)}`;
      if (reason !== this.#failure) this.#revision++;
      this.#failure = reason;
      return;
    }
    if (this.#failure !== undefined) this.#revision++;
    this.#failure = undefined;
    const endedAtMs = this.#kernel.monotonicMs();
    const { words, count, recordBytes } = session;
    const stride = recordBytes / 4;
    if (!this.#areKnown(words, count, stride)) {
      this.#accounts = this.#renewed(words, count, stride);
    }
    for (let i = 0; i < count; i++) {
      this.#accounts[i].take(words, i * stride, startedAtMs, endedAtMs);
    }
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

  #writeRows(): void {
    const length = this.#accounts.length * STRIDE;
    let changed = false;
    if (this.#rows.length !== length) {
      this.#rows = new Float64Array(length);
      changed = true;
    }
    for (let i = 0; i < this.#accounts.length; i++) {
      changed = this.#accounts[i].write(this.#rows, i * STRIDE) || changed;
    }
    if (changed) this.#revision++;
  }
}

function isSuspect(account: RingAccount): boolean {
  return account.isSuspect;
}
