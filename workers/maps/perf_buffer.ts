/**
 * Owns what is known of one perf buffer from look to look. In: records of ffi/perf_buffers. Out: its row of PERF_COLUMNS, whose
 * counters never fall; samples that nobody could count are estimated from the mean size of those that were counted lately.
 * @module
 */
import { PERF_FLAG, PERF_RECORD } from "../../ffi/sampling.ts";
import { BELOW_ONE } from "./buffers_model.ts";

/** What was counted before weighs so much less with every look that counted more. */
const WEIGHT_OF_BEFORE = 0.75;

export class PerfBuffer {
  readonly sizeBytes: number;
  /** Of the look that saw it last. */
  look = 0;
  /** Its row is another one than in the look before. */
  isNew = true;
  /** Bytes written since the look before. */
  newBytes = 0;
  readonly #serial: number;
  readonly #memoryBytes: number;
  readonly #isLostExact: boolean;
  readonly #eventLow: number;
  readonly #eventHigh: number;
  readonly #generation: number;
  #head = NaN;
  #tail = NaN;
  #lost = 0;
  #samples = 0;
  #walked = 0;
  #skipped = 0;
  /** Bytes of lately, and their samples, with weights. */
  #meanBytes = 0;
  #meanSamples = 0;
  #estimated = 0;
  /** Bytes skipped before any sample was seen whose size they could have. */
  #unestimated = 0;
  #pid = NaN;
  /** Written when the buffer was first seen, and gone by then; what is being written makes it look more for a moment. */
  #before = Infinity;

  constructor(
    words: Uint32Array,
    at: number,
    serial: number,
    pageBytes: number,
    isLostExact: boolean,
  ) {
    const pages = words[at + PERF_RECORD.pages / 4];
    this.sizeBytes = pages * pageBytes;
    this.#memoryBytes = (pages + 1) * pageBytes;
    this.#serial = serial;
    this.#isLostExact = isLostExact;
    this.#eventLow = words[at + PERF_RECORD.eventId / 4];
    this.#eventHigh = words[at + PERF_RECORD.eventId / 4 + 1];
    this.#generation = words[at + PERF_RECORD.generation / 4];
  }

  /** Whether a record is of the same event and buffer. */
  isOf(words: Uint32Array, at: number): boolean {
    return words[at + PERF_RECORD.eventId / 4] === this.#eventLow &&
      words[at + PERF_RECORD.eventId / 4 + 1] === this.#eventHigh &&
      words[at + PERF_RECORD.generation / 4] === this.#generation;
  }

  /** Takes a record, and writes its row. */
  take(
    words: Uint32Array,
    at: number,
    look: number,
    rows: Float64Array,
    row: number,
  ): void {
    this.look = look;
    const flags = words[at + PERF_RECORD.flags / 4];
    const head = number64(words, at + PERF_RECORD.head / 4);
    const tail = number64(words, at + PERF_RECORD.tail / 4);
    const lost = number64(words, at + PERF_RECORD.lost / 4);
    const pid = words[at + PERF_RECORD.pid / 4];
    this.newBytes = Number.isNaN(this.#head) ? 0 : head - this.#head;
    this.isNew = head !== this.#head || tail !== this.#tail ||
      lost !== this.#lost || (pid !== 0 && pid !== this.#pid) ||
      number64(words, at + PERF_RECORD.walked / 4) !== this.#walked;
    this.#head = head;
    this.#tail = tail;
    this.#lost = lost;
    if (pid !== 0) this.#pid = pid;
    const isBackward = (flags & PERF_FLAG.BACKWARD) !== 0;
    const overwrites = isBackward || (flags & PERF_FLAG.OVERWRITE) !== 0;
    const isKept = !overwrites && (flags & PERF_FLAG.UNKEPT) === 0;
    if (isKept) this.#count(words, at);
    const unwalked = number64(words, at + PERF_RECORD.unwalked / 4);
    const known = this.#walked + this.#skipped + unwalked;
    this.#before = Math.min(this.#before, head - known);
    const share = known === 0 ? 1 : this.#walked / known;
    rows[row] = words[at + PERF_RECORD.mapId / 4];
    rows[row + 1] = this.#serial;
    rows[row + 2] = words[at + PERF_RECORD.index / 4];
    rows[row + 3] = this.sizeBytes;
    rows[row + 4] = this.#memoryBytes;
    rows[row + 5] = isBackward ? NaN : head;
    rows[row + 6] = overwrites ? NaN : this.#pending();
    rows[row + 7] = isKept ? this.#samples + this.#estimated : NaN;
    rows[row + 8] = !isKept
      ? NaN
      : this.#before > 0
      ? Math.min(share, BELOW_ONE)
      : share;
    rows[row + 9] = lost;
    rows[row + 10] = this.#isLostExact ? 1 : 0;
    rows[row + 11] = this.#pid;
    rows[row + 12] = isKept ? this.#skipped : NaN;
  }

  #count(words: Uint32Array, at: number): void {
    const samples = number64(words, at + PERF_RECORD.samples / 4);
    const walked = number64(words, at + PERF_RECORD.walked / 4);
    const skipped = number64(words, at + PERF_RECORD.skipped / 4);
    if (walked > this.#walked) {
      this.#meanBytes = this.#meanBytes * WEIGHT_OF_BEFORE +
        walked - this.#walked;
      this.#meanSamples = this.#meanSamples * WEIGHT_OF_BEFORE +
        samples - this.#samples;
    }
    this.#unestimated += skipped - this.#skipped;
    if (this.#meanBytes > 0 && this.#unestimated > 0) {
      this.#estimated += Math.round(
        this.#unestimated * this.#meanSamples / this.#meanBytes,
      );
      this.#unestimated = 0;
    }
    this.#samples = samples;
    this.#walked = walked;
    this.#skipped = skipped;
  }

  /** The owner may write any tail; NaN where it cannot be. Head and tail are not of one moment: what is a little too much is all. */
  #pending(): number {
    const pending = this.#head - this.#tail;
    if (!(pending >= 0) || pending > 2 * this.sizeBytes) return NaN;
    return Math.min(pending, this.sizeBytes);
  }
}

/** Exact up to 2^53. */
function number64(words: Uint32Array, at: number): number {
  return words[at] + words[at + 1] * 0x1_0000_0000;
}
