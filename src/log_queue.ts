/**
 * Owns lines on their way to a stream that may be slow, stuck or broken. In: lines. Out: for each a promise, kept when the
 * stream has taken it and broken where it is lost. A stream that takes nothing, as a pipe whose reader has stopped, holds
 * up nobody: a write waits on a thread of the runtime, a few lines wait behind it, and what comes then is lost.
 * @module
 */

/** What is needed of a stream; Deno.stderr and Deno.FsFile have it. */
export interface AsyncByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

/** What waits for a slow stream at most. */
export const MOST_WAITING_BYTES = 64 * 1024;

interface Waiting {
  readonly bytes: Uint8Array;
  written(): void;
  lost(error: unknown): void;
}

export class LineQueue {
  readonly #sink: AsyncByteSink;
  readonly #encoder = new TextEncoder();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #busy = false;
  /** The line before was written in part, so the next one has to begin on a line of its own. */
  #cutOff = false;

  constructor(sink: AsyncByteSink) {
    this.#sink = sink;
  }

  /** Writes `line`, newline included, after those before it. Rejects where it is lost. */
  write(line: string): Promise<void> {
    const bytes = this.#encoder.encode(line);
    if (this.#waitingBytes + bytes.length > MOST_WAITING_BYTES) {
      return Promise.reject(
        new Error("Cannot write: too many lines wait for the stream"),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, written: resolve, lost: reject });
    this.#waitingBytes += bytes.length;
    if (!this.#busy) void this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (
      let next = this.#waiting.shift();
      next !== undefined;
      next = this.#waiting.shift()
    ) {
      try {
        await this.#writeWhole(next.bytes);
        next.written();
      } catch (error) {
        next.lost(error);
      }
      this.#waitingBytes -= next.bytes.length;
    }
    this.#busy = false;
  }

  async #writeWhole(line: Uint8Array): Promise<void> {
    const bytes = this.#cutOff ? Uint8Array.of(NEWLINE, ...line) : line;
    for (let at = 0; at < bytes.length;) {
      const written = await this.#sink.write(bytes.subarray(at));
      // A sink that takes nothing and does not say why would be asked for ever.
      if (written === 0) throw new Error("Cannot write: no byte was taken");
      at += written;
      this.#cutOff = at < bytes.length;
    }
  }
}

const NEWLINE = 10;
