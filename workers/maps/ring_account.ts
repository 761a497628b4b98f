/**
 * Owns what is known of one ring buffer from look to look. In: records of the ring program. Out: a row of RING_COLUMNS. What was
 * overwritten before it was counted is estimated: as many records as there were in as many bytes of the latest walks.
 * @module
 */
import { RING_FLAGS, RING_RECORD } from "../../ffi/sampling.ts";
import { BELOW_ONE, RING_COLUMNS } from "./buffers_model.ts";

/**
 * Apart from failed reservations both positions are equal for some ns of each that succeeds; never was that seen at the same
 * position again so much later.
 */
export const CONFIRM_AFTER_MS = 0.02;

/** What a sample still weighs in the next one's ratio of records to bytes. */
const POOL_KEEPS = 0.9;
/** A rate rises at once, and falls by so much a look. */
const RATE_KEEPS = 0.7;
const PEAK_BUCKETS = 6;
const PEAK_BUCKET_MS = 10_000;
const BROKEN = RING_FLAGS.JUMPED | RING_FLAGS.LIED;
const TWO_TO_32 = 2 ** 32;
/** What stands for a number that there is not. */
const NO_NUMBER = 0xffff_ffff;
const USER_RINGBUF = 31;

const WORD = {
  type: RING_RECORD.type / 4,
  cookie: RING_RECORD.cookie / 4,
  sizeBytes: RING_RECORD.sizeBytes / 4,
  consumerPos: RING_RECORD.consumerPos / 4,
  producerPos: RING_RECORD.producerPos / 4,
  pendingPos: RING_RECORD.pendingPos / 4,
  events: RING_RECORD.events / 4,
  discards: RING_RECORD.discards / 4,
  walkedBytes: RING_RECORD.walkedBytes / 4,
  walkPos: RING_RECORD.walkPos / 4,
  firstPos: RING_RECORD.firstPos / 4,
  firstSeenNs: RING_RECORD.firstSeenNs / 4,
  flags: RING_RECORD.flags / 4,
  lost: RING_RECORD.lost / 4,
  unplaced: RING_RECORD.unplaced / 4,
} as const;

/** Equal for the same ring, another number for a later one with its map's id. */
export function serialAt(words: Uint32Array, at: number): number {
  // 2^53 cookies are not given out.
  return u64(words, at + WORD.cookie) || u64(words, at + WORD.firstSeenNs);
}

export class RingAccount {
  /** A producer seems to have found no room; not confirmed yet. */
  isSuspect = false;
  /** There is more to walk than the last pass could. */
  isBehind = false;
  /** Highest lately. */
  bytesPerMs = 0;
  sizeBytes = 0;
  #takenAtMs = NaN;
  #written = 0;
  #consumed = 0;
  #isUser = 0;
  #isBroken = 0;
  #firstSeenNs = 0;
  // As the program counted.
  #events = 0;
  #discards = 0;
  #walked = 0;
  #walkPos = 0;
  /** Up to here records could have been counted: what is behind one that is not committed yet cannot. */
  #dueTo = 0;
  #firstPos = 0;
  /** Written when the ring was first seen, and gone by then. */
  #before = 0;
  // Of times that the program has forgotten, and of bytes that nobody counted.
  #otherEvents = 0;
  #otherDiscards = 0;
  #otherWalked = 0;
  #otherSpan = 0;
  #gap = 0;
  #unexplained = 0;
  // Of the latest walks.
  #poolBytes = 0;
  #poolEvents = 0;
  #poolDiscards = 0;
  // Loss.
  #episodes = 0;
  #episodePos = 0;
  #suspectPos = 0;
  #suspectAtMs = 0;
  #lost = NaN;
  #hasUnplaced = false;
  readonly #peaks = new Float64Array(PEAK_BUCKETS);
  #peakBucket = -1;

  constructor(
    readonly mapId: number,
    readonly serial: number,
    readonly hasPendingPos: boolean,
  ) {
    this.#episodes = hasPendingPos ? 0 : NaN;
  }

  /** Takes the record at word `at`, of a pass that began and ended then. */
  take(
    words: Uint32Array,
    at: number,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    const flags = words[at + WORD.flags];
    this.#takeCounted(words, at);
    const producer = u64(words, at + WORD.producerPos);
    this.sizeBytes = u64(words, at + WORD.sizeBytes);
    this.#isUser = words[at + WORD.type] === USER_RINGBUF ? 1 : 0;
    if (this.#isUser === 1 || (flags & RING_FLAGS.OVERWRITES) !== 0) {
      this.#episodes = NaN;
    }
    this.#isBroken = (flags & BROKEN) !== 0 || producer < this.#written ||
        producer > Number.MAX_SAFE_INTEGER
      ? 1
      : 0;
    if (this.#isBroken === 1) return;
    this.isBehind = (flags & RING_FLAGS.UNFINISHED) !== 0;
    this.#takePositions(words, at, producer, startedAtMs);
    this.#takeWalk(words, at);
    this.#takeLoss(words, at, producer, startedAtMs, endedAtMs);
  }

  /**
   * Writes the row at `at`; whether it is another one than was there.
   * @param skipsLosses runs of the loss probe were left out
   */
  write(rows: Float64Array, at: number, skipsLosses: boolean): boolean {
    const span = this.#otherSpan + this.#dueTo - this.#firstPos;
    const walked = this.#otherWalked + this.#walked;
    const pending = this.#written - this.#consumed;
    let changed = set(rows, at, this.mapId);
    changed = set(rows, at + 1, this.serial) || changed;
    changed = set(rows, at + 2, this.#isUser) || changed;
    changed = set(rows, at + 3, this.sizeBytes) || changed;
    changed = set(rows, at + 4, this.#written) || changed;
    changed = set(rows, at + 5, this.#consumed) || changed;
    changed = set(rows, at + 6, pending) || changed;
    const events = Math.round(this.#otherEvents + this.#events);
    changed = set(rows, at + 7, events) || changed;
    const discards = Math.round(this.#otherDiscards + this.#discards);
    changed = set(rows, at + 8, discards) || changed;
    const share = walked === span ? 1 : walked / span;
    const coverage = this.#before > 0 ? Math.min(share, BELOW_ONE) : share;
    changed = set(rows, at + 9, coverage) || changed;
    changed = set(rows, at + 10, this.#episodes) || changed;
    changed = set(rows, at + 11, this.#peak()) || changed;
    const skipped = this.#otherSpan - this.#otherWalked + this.#gap;
    changed = set(rows, at + 12, skipped) || changed;
    const isLostExact = Number.isNaN(this.#lost)
      ? NaN
      : skipsLosses || this.#hasUnplaced
      ? 0
      : 1;
    changed = set(rows, at + 13, this.#lost) || changed;
    changed = set(rows, at + 14, isLostExact) || changed;
    return set(rows, at + RING_COLUMNS.length - 1, this.#isBroken) || changed;
  }

  /** What the loss probe counted; no program writes into a user ring. */
  #takeCounted(words: Uint32Array, at: number): void {
    const isThere = words[at + WORD.lost + 1] !== NO_NUMBER &&
      words[at + WORD.type] !== USER_RINGBUF;
    this.#lost = isThere ? u64(words, at + WORD.lost) : NaN;
    this.#hasUnplaced = isThere && u64(words, at + WORD.unplaced) > 0;
  }

  #takePositions(
    words: Uint32Array,
    at: number,
    producer: number,
    nowMs: number,
  ): void {
    const rate = (producer - this.#written) / (nowMs - this.#takenAtMs);
    // Not at first sight.
    if (rate >= 0 && rate < Infinity) {
      this.bytesPerMs = Math.max(rate, this.bytesPerMs * RATE_KEEPS);
    }
    this.#takenAtMs = nowMs;
    this.#written = producer;
    const consumer = Math.min(u64(words, at + WORD.consumerPos), producer);
    this.#consumed = Math.max(this.#consumed, consumer);
    const bucket = Math.floor(nowMs / PEAK_BUCKET_MS);
    while (this.#peakBucket < bucket) {
      this.#peakBucket = this.#peakBucket < bucket - PEAK_BUCKETS
        ? bucket - PEAK_BUCKETS
        : this.#peakBucket + 1;
      this.#peaks[
        ((this.#peakBucket % PEAK_BUCKETS) + PEAK_BUCKETS) %
        PEAK_BUCKETS
      ] = 0;
    }
    const place = bucket % PEAK_BUCKETS;
    const fill = (producer - this.#consumed) / this.sizeBytes;
    if (fill > this.#peaks[place]) this.#peaks[place] = fill;
  }

  #takeWalk(words: Uint32Array, at: number): void {
    const firstSeenNs = u64(words, at + WORD.firstSeenNs);
    const firstPos = u64(words, at + WORD.firstPos);
    if (firstSeenNs !== this.#firstSeenNs) {
      if (this.#firstSeenNs !== 0) this.#startAnew(firstPos);
      else this.#before = firstPos;
      this.#firstSeenNs = firstSeenNs;
      this.#firstPos = firstPos;
    }
    const events = u64(words, at + WORD.events);
    const discards = u64(words, at + WORD.discards);
    const walked = u64(words, at + WORD.walkedBytes);
    const newBytes = walked - this.#walked;
    if (newBytes > 0) {
      this.#poolBytes = this.#poolBytes * POOL_KEEPS + newBytes;
      this.#poolEvents = this.#poolEvents * POOL_KEEPS + events - this.#events;
      this.#poolDiscards = this.#poolDiscards * POOL_KEEPS + discards -
        this.#discards;
    }
    this.#events = events;
    this.#discards = discards;
    this.#walked = walked;
    this.#walkPos = u64(words, at + WORD.walkPos);
    this.#dueTo = (words[at + WORD.flags] & RING_FLAGS.BUSY) === 0
      ? this.#written
      : this.#walkPos;
    const gap = this.#walkPos - firstPos - walked;
    this.#unexplained += gap - this.#gap;
    this.#gap = gap;
    if (this.#unexplained > 0 && this.#poolBytes > 0) {
      const share = this.#unexplained / this.#poolBytes;
      this.#otherEvents += share * this.#poolEvents;
      this.#otherDiscards += share * this.#poolDiscards;
      this.#unexplained = 0;
    }
  }

  /** The program has forgotten the ring, and begins at `firstPos`. */
  #startAnew(firstPos: number): void {
    const isWhole = firstPos === 0;
    if (isWhole) this.#before = 0;
    this.#otherEvents = isWhole ? 0 : this.#otherEvents + this.#events;
    this.#otherDiscards = isWhole ? 0 : this.#otherDiscards + this.#discards;
    this.#otherWalked = isWhole ? 0 : this.#otherWalked + this.#walked;
    this.#otherSpan = isWhole ? 0 : this.#otherSpan + firstPos - this.#firstPos;
    this.#unexplained = isWhole
      ? 0
      : this.#unexplained + firstPos - this.#walkPos;
    this.#events =
      this.#discards =
      this.#walked =
      this.#gap =
        0;
  }

  #takeLoss(
    words: Uint32Array,
    at: number,
    producer: number,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    if (Number.isNaN(this.#episodes)) return;
    const isFull = producer > 0 &&
      words[at + WORD.pendingPos] === words[at + WORD.producerPos] &&
      words[at + WORD.pendingPos + 1] === words[at + WORD.producerPos + 1];
    this.isSuspect = isFull && producer !== this.#episodePos;
    if (!this.isSuspect) return;
    if (producer !== this.#suspectPos) {
      this.#suspectPos = producer;
      this.#suspectAtMs = endedAtMs;
    } else if (startedAtMs - this.#suspectAtMs >= CONFIRM_AFTER_MS) {
      this.#episodes++;
      this.#episodePos = producer;
      this.isSuspect = false;
    }
  }

  #peak(): number {
    let peak = 0;
    for (let i = 0; i < PEAK_BUCKETS; i++) {
      if (this.#peaks[i] > peak) peak = this.#peaks[i];
    }
    return peak;
  }
}

function u64(words: Uint32Array, at: number): number {
  return words[at] + words[at + 1] * TWO_TO_32;
}

/** Whether `value` is another one than was there. */
function set(rows: Float64Array, at: number, value: number): boolean {
  if (Object.is(rows[at], value)) return false;
  rows[at] = value;
  return true;
}
