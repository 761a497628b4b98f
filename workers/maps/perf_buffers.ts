/**
 * Owns the looks at perf buffers. In: a port, an open iterator of ffi/perf_buffers. Out: rows of PERF_COLUMNS by map and index, what the looks
 * cost, and how soon the next one should be.
 * @module
 */
import {
  errnoName,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  PERF_FLAG,
  PERF_RECORD,
  type PerfIterator,
} from "../../ffi/sampling.ts";
import type { BufferLook } from "./buffers.ts";
import { PERF_COLUMNS } from "./buffers_model.ts";
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

export class PerfCollector implements BufferLook {
  readonly #kernel: KernelPort;
  readonly #session: IteratorSession;
  readonly #pageBytes: number;
  readonly #isLostExact: boolean;
  readonly #leaveOut: ReadonlySet<number>;
  readonly #buffers = new Map<number, PerfBuffer>();
  #rows = new Float64Array();
  #serials = 0;
  #failure: string | undefined;
  #revision = 0;
  #looks = 0;
  #passes = 0;
  #spentMs = 0;
  #lookedAtMs = 0;
  #nextDelayMs = LONGEST_MS;

  /** @param leaveOut ids of maps */
  constructor(
    kernel: KernelPort,
    iterator: PerfIterator,
    leaveOut: readonly number[] = [],
  ) {
    this.#kernel = kernel;
    this.#session = new IteratorSession(
      kernel,
      iterationsOf(kernel, iterator),
      iterator.recordBytes,
    );
    this.#pageBytes = iterator.pageBytes;
    this.#isLostExact = iterator.isLostExact;
    this.#leaveOut = new Set(leaveOut);
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

  /** Passes over all maps, of which a look takes several where much is new. */
  get passes(): number {
    return this.#passes;
  }

  get spentMs(): number {
    return this.#spentMs;
  }

  get lookedAtMs(): number {
    return this.#lookedAtMs;
  }

  /** System calls since it was made. */
  get calls(): number {
    return this.#session.calls;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  get nextDelayMs(): number {
    return this.#nextDelayMs;
  }

  look(): void {
    const startMs = this.#kernel.monotonicMs();
    const sinceMs = startMs - this.#lookedAtMs;
    const failure = this.#passUntilDone();
    this.#looks++;
    if (failure !== this.#failure) this.#revision++;
    this.#failure = failure;
    if (failure === undefined) {
      this.#takeRows();
      this.#forget();
    }
    const spentMs = this.#kernel.monotonicMs() - startMs;
    this.#spentMs += spentMs;
    this.#nextDelayMs = this.#delay(sinceMs, spentMs);
    this.#lookedAtMs = startMs;
  }

  #passUntilDone(): string | undefined {
    for (let left = MOST_PASSES; left > 0; left--) {
      this.#passes++;
      const failure = this.#session.run();
      if (failure !== undefined) {
        return `${failure.call} failed: ${errnoName(failure.errno)}`;
      }
      if (!this.#hasMore()) return undefined;
    }
    return undefined;
  }

  #hasMore(): boolean {
    const { count, words, recordBytes } = this.#session;
    for (let i = 0; i < count; i++) {
      const flags = words[(i * recordBytes + PERF_RECORD.flags) / 4];
      if ((flags & PERF_FLAG.MORE) !== 0) return true;
    }
    return false;
  }

  #takeRows(): void {
    const { count, words, recordBytes } = this.#session;
    let rows = 0;
    const size = count * COLUMNS;
    if (this.#rows.length < size) this.#rows = new Float64Array(size);
    for (let i = 0; i < count; i++) {
      const at = i * recordBytes / 4;
      const mapId = words[at + PERF_RECORD.mapId / 4];
      if (this.#leaveOut.has(mapId)) continue;
      this.#bufferOf(words, at, mapId).take(
        words,
        at,
        this.#looks,
        this.#rows,
        rows++ * COLUMNS,
      );
    }
    if (this.#rows.length !== rows * COLUMNS) {
      this.#rows = this.#rows.slice(0, rows * COLUMNS);
    }
  }

  #bufferOf(words: Uint32Array, at: number, mapId: number): PerfBuffer {
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

  /** Those that were not there in this look, and whether anything is new. */
  #forget(): void {
    let isNew = false;
    for (const [key, buffer] of this.#buffers) {
      if (buffer.look !== this.#looks) {
        this.#buffers.delete(key);
        isNew = true;
      } else if (buffer.isNew) isNew = true;
    }
    if (isNew) this.#revision++;
  }

  #delay(sinceMs: number, spentMs: number): number {
    let roundMs = Infinity;
    for (const buffer of this.#buffers.values()) {
      const one = buffer.sizeBytes / (buffer.newBytes / sinceMs);
      if (one < roundMs) roundMs = one;
    }
    const wanted = SHARE_OF_ROUND * roundMs;
    const affordable = spentMs / MOST_SHARE_SPENT;
    return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, wanted, affordable));
  }
}
