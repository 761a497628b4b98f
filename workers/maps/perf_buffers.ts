/**
 * Owns the looks at perf buffers. In: a port, an open iterator of ffi/perf_buffers. Out: rows of PERF_COLUMNS by map and index,
 * what the looks cost, and how soon the next one should be.
 * @module
 */
import {
  type KernelPort,
  PERF_FLAG,
  PERF_RECORD,
  type PerfIterator,
} from "../../ffi/sampling.ts";
import { PERF_COLUMNS } from "./buffers_model.ts";
import { IteratorLook } from "./iterator_look.ts";
import { PerfBuffer } from "./perf_buffer.ts";

const COLUMNS = PERF_COLUMNS.length;
/** A pass looks at so many records of a map at most; where more came since the last look, others follow at once. */
const MOST_PASSES = 8;
/** From one look to the next: a buffer should not be filled more often than so. */
const SHORTEST_MS = 10;
const LONGEST_MS = 1_000;
/** Share of the time until the fastest buffer has come round. */
const SHARE_OF_ROUND = 0.35;
/** Looks take no more than this share of the thread's time. */
const MOST_SHARE_SPENT = 0.01;
/** More than entries of a map that are looked at. */
const INDEX_SPAN = 4096;

export class PerfCollector extends IteratorLook {
  readonly #pageBytes: number;
  readonly #isLostExact: boolean;
  readonly #buffers = new Map<number, PerfBuffer>();
  #serials = 0;
  #passes = 0;
  #startedAtMs = 0;
  #sinceMs = 0;
  #nextDelayMs = LONGEST_MS;

  constructor(kernel: KernelPort, iterator: PerfIterator) {
    super(kernel, iterator);
    this.#pageBytes = iterator.pageBytes;
    this.#isLostExact = iterator.isLostExact;
  }

  /** Passes over all maps, of which a look takes several where much is new. */
  get passes(): number {
    return this.#passes;
  }

  override get nextDelayMs(): number {
    return this.#nextDelayMs;
  }

  protected override read(startedAtMs: number): string | undefined {
    this.#sinceMs = startedAtMs - this.#startedAtMs;
    this.#startedAtMs = startedAtMs;
    for (let left = MOST_PASSES; left > 0; left--) {
      this.#passes++;
      const failure = this.run();
      if (failure !== undefined) return failure;
      if (!this.#hasMore()) return undefined;
    }
    return undefined;
  }

  protected override write(): boolean {
    const { count, words, recordBytes } = this.session;
    const stride = recordBytes / 4;
    const rows = this.rowsFor(count * COLUMNS);
    for (let i = 0; i < count; i++) {
      const at = i * stride;
      this.#bufferOf(words, at).take(words, at, this.looks, rows, i * COLUMNS);
    }
    return this.#forget();
  }

  #hasMore(): boolean {
    const { count, words, recordBytes } = this.session;
    for (let i = 0; i < count; i++) {
      const flags = words[(i * recordBytes + PERF_RECORD.flags) / 4];
      if ((flags & PERF_FLAG.MORE) !== 0) return true;
    }
    return false;
  }

  #bufferOf(words: Uint32Array, at: number): PerfBuffer {
    const mapId = words[at + PERF_RECORD.mapId / 4];
    const key = mapId * INDEX_SPAN + words[at + PERF_RECORD.index / 4];
    const known = this.#buffers.get(key);
    if (known?.isOf(words, at)) return known;
    const buffer = new PerfBuffer(
      words,
      at,
      ++this.#serials,
      this.#pageBytes,
      this.#isLostExact,
    );
    this.#buffers.set(key, buffer);
    return buffer;
  }

  /** Those that were not there in this look; whether anything is new. */
  #forget(): boolean {
    let isNew = false;
    for (const [key, buffer] of this.#buffers) {
      if (buffer.look !== this.looks) {
        this.#buffers.delete(key);
        isNew = true;
      } else if (buffer.isNew) isNew = true;
    }
    return isNew;
  }

  protected override pay(cpuMs: number): void {
    let roundMs = Infinity;
    for (const buffer of this.#buffers.values()) {
      const one = buffer.sizeBytes / (buffer.newBytes / this.#sinceMs);
      if (one < roundMs) roundMs = one;
    }
    const wantedMs = SHARE_OF_ROUND * roundMs;
    const affordableMs = cpuMs / MOST_SHARE_SPENT;
    this.#nextDelayMs = Math.min(
      LONGEST_MS,
      Math.max(SHORTEST_MS, wantedMs, affordableMs),
    );
  }
}
