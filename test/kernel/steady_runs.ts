/**
 * Owns a program that runs all the time, at a known rate, and is counted by whoever runs it. In: a program's descriptor. Out: how often it
 * ran, until it is disposed of.
 * @module
 */

/** What the thread is given. */
export interface Steady {
  readonly programFd: number;
  readonly runsPerMs: number;
  readonly shared: SharedArrayBuffer;
}

/** Words of what is shared. */
export const STOP = 0;
export const RUNS = 1;
/** One call makes so many runs. */
export const BATCH_RUNS = 50;

export class SteadyRuns implements Disposable {
  readonly #words = new Int32Array(new SharedArrayBuffer(8));

  constructor(programFd: number, runsPerMs: number) {
    const thread = new Worker(new URL("./steady_thread.ts", import.meta.url), {
      type: "module",
    });
    thread.postMessage(
      {
        programFd,
        runsPerMs,
        shared: this.#words.buffer,
      } satisfies Omit<Steady, "shared"> & { shared: ArrayBufferLike },
    );
  }

  /** Up to the last whole batch. */
  get runs(): number {
    return Atomics.load(this.#words, RUNS);
  }

  [Symbol.dispose](): void {
    Atomics.store(this.#words, STOP, 1);
    Atomics.notify(this.#words, STOP);
  }
}
