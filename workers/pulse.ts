/**
 * Owns the word and the few numbers through which a worker and the main thread reach each other without a message: a worker that
 * sleeps between two samples is woken, and a sample that found nothing new is told. In: samples, waits. Out: beats, in order.
 *
 * A turn of the runtime's event loop and a message each cost about as much as a sample of a thousand objects; this costs nothing
 * of either. It is a SharedArrayBuffer with one word to wait on and a ring with one writer and one reader.
 * @module
 */

/** A sample in numbers. */
export interface Beat {
  /** Counts the worker's samples, from 1. */
  readonly tick: number;
  /** CLOCK_MONOTONIC at its start, and how long it took. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Slots that were skipped since the last sample because it, or the machine, was late. */
  readonly missedTicks: number;
  readonly syscalls: number;
}

/** Words of the header. */
const SIGNALS = 0;
const WRITTEN = 1;
const READ = 2;
const HEADER_WORDS = 16;

/** Beats that fit: more than a worker at the shortest interval makes between two looks of the supervisor. */
const CAPACITY = 128;
const BEAT_NUMBERS = 5;

interface Ring {
  readonly header: Int32Array;
  readonly beats: Float64Array;
}

function openRing(buffer: SharedArrayBuffer): Ring {
  return {
    header: new Int32Array(buffer, 0, HEADER_WORDS),
    beats: new Float64Array(buffer, HEADER_WORDS * 4),
  };
}

/** The worker's side. */
export class PulseWriter {
  readonly #ring: Ring;
  #signalsSeen = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#ring = openRing(buffer);
  }

  /** False when there is no room, for nobody has read for long. */
  beat(beat: Beat): boolean {
    const { header, beats } = this.#ring;
    const written = header[WRITTEN];
    // Unsigned, for the counts may come round.
    if ((written - Atomics.load(header, READ)) >>> 0 >= CAPACITY) return false;
    const at = (written % CAPACITY) * BEAT_NUMBERS;
    beats[at] = beat.tick;
    beats[at + 1] = beat.startedAtMs;
    beats[at + 2] = beat.durationMs;
    beats[at + 3] = beat.missedTicks;
    beats[at + 4] = beat.syscalls;
    Atomics.store(header, WRITTEN, (written + 1) & 0x7fff_ffff);
    return true;
  }

  /** Blocks this thread for `delayMs`. False when the main thread woke it before, now or since the last call. */
  sleep(delayMs: number): boolean {
    const { header } = this.#ring;
    Atomics.wait(header, SIGNALS, this.#signalsSeen, Math.max(0, delayMs));
    const signals = Atomics.load(header, SIGNALS);
    if (signals === this.#signalsSeen) return true;
    this.#signalsSeen = signals;
    return false;
  }
}

/** The main thread's side. */
export class PulseReader {
  readonly buffer = new SharedArrayBuffer(
    HEADER_WORDS * 4 + CAPACITY * BEAT_NUMBERS * 8,
  );
  readonly #ring = openRing(this.buffer);

  /** Takes the beat of sample `tick`; undefined while that sample is not there, or was told by a message. */
  take(tick: number): Beat | undefined {
    const { header, beats } = this.#ring;
    const read = header[READ];
    if (read === Atomics.load(header, WRITTEN)) return undefined;
    const at = (read % CAPACITY) * BEAT_NUMBERS;
    if (beats[at] !== tick) return undefined;
    const beat: Beat = {
      tick,
      startedAtMs: beats[at + 1],
      durationMs: beats[at + 2],
      missedTicks: beats[at + 3],
      syscalls: beats[at + 4],
    };
    Atomics.store(header, READ, (read + 1) & 0x7fff_ffff);
    return beat;
  }

  /** Has the worker look for messages, and for its end, now. */
  wake(): void {
    Atomics.add(this.#ring.header, SIGNALS, 1);
    Atomics.notify(this.#ring.header, SIGNALS);
  }
}
