/**
 * Owns what looks at every kind of buffer have in common: how many there were, what they cost, whether the last one failed, and whether it
 * found anything new. In: an open iterator; from each kind how it reads and what it makes of that. Out: a BufferLook.
 * @module
 */
import {
  errnoName,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  type OpenIterator,
} from "../../ffi/sampling.ts";
import type { BufferLook } from "./buffers.ts";

export abstract class IteratorLook implements BufferLook {
  protected readonly kernel: KernelPort;
  protected readonly session: IteratorSession;
  #rows = new Float64Array();
  #revision = 0;
  #looks = 0;
  #spentMs = 0;
  #lookedAtMs = 0;
  #failure: string | undefined;

  constructor(kernel: KernelPort, iterator: OpenIterator) {
    this.kernel = kernel;
    this.session = new IteratorSession(
      kernel,
      iterationsOf(kernel, iterator),
      iterator.recordBytes,
    );
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
    return this.session.calls;
  }

  abstract get nextDelayMs(): number;

  look(): void {
    const startedAtMs = this.kernel.monotonicMs();
    const cpuMs = this.kernel.threadCpuMs();
    const failure = this.read(startedAtMs);
    this.#looks++;
    if (failure !== this.#failure) this.#revision++;
    this.#failure = failure;
    if (failure === undefined && this.write()) this.#revision++;
    this.#lookedAtMs = this.kernel.monotonicMs();
    this.#spentMs += this.#lookedAtMs - startedAtMs;
    this.pay(this.kernel.threadCpuMs() - cpuMs);
  }

  /** Takes what is to be read, by run(); one sentence where that failed. */
  protected abstract read(startedAtMs: number): string | undefined;

  /** Writes rows of what was read, into rowsFor(); whether anything is new. */
  protected abstract write(): boolean;

  /** Told what the look cost, in CPU time: on a busy machine a look that waited is no dearer for it. */
  protected abstract pay(cpuMs: number): void;

  /** One pass; one sentence where it failed. */
  protected run(session = this.session): string | undefined {
    const failure = session.run();
    return failure && `${failure.call} failed: ${errnoName(failure.errno)}`;
  }

  /** The rows, so many numbers long; what they were where they have that length already. */
  protected rowsFor(length: number): Float64Array {
    if (this.#rows.length !== length) this.#rows = new Float64Array(length);
    return this.#rows;
  }
}
