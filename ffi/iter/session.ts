/**
 * Owns the reading of an iterator: one pass over every object of its kind. In: what opens a new iteration. Out: whole records, in
 * ascending id, in one buffer that is used again. An iteration cannot be rewound, so each pass opens its own.
 * Source: kernel/bpf/bpf_iter.c bpf_seq_read().
 * @module
 */
import { createIterator } from "../bpf.ts";
import { EAGAIN, EINTR } from "../errno.ts";
import type { KernelPort } from "../port.ts";

/** Where iterations come from. */
export interface IterationSource {
  /** What open() calls now, for messages. */
  readonly call: string;
  /** System calls since it was made. */
  readonly calls: number;
  /** A descriptor of a new iteration, or -errno. */
  open(): number;
}

const ITER_CREATE = "BPF_ITER_CREATE";
const OPEN_PIN = "open() of a pinned link";

/** Iterations of an open link: by its pin where it has one, which asks for no privilege on any kernel, else by bpf(). */
export function iterationsOf(
  kernel: KernelPort,
  { linkFd, pinFd }: { readonly linkFd: number; readonly pinFd?: number },
): IterationSource {
  return new LinkSource(kernel, linkFd, pinFd);
}

class LinkSource implements IterationSource {
  readonly #kernel: KernelPort;
  readonly #linkFd: number;
  readonly #pinPath: string | undefined;
  #byPin: boolean;
  #calls = 0;

  constructor(kernel: KernelPort, linkFd: number, pinFd: number | undefined) {
    this.#kernel = kernel;
    this.#linkFd = linkFd;
    this.#pinPath = pinFd === undefined ? undefined : `/proc/self/fd/${pinFd}`;
    this.#byPin = this.#pinPath !== undefined;
  }

  get call(): string {
    return this.#byPin ? OPEN_PIN : ITER_CREATE;
  }

  get calls(): number {
    return this.#calls;
  }

  open(): number {
    const result = this.#openBy(this.#byPin);
    if (result >= 0 || this.#pinPath === undefined) return result;
    const other = this.#openBy(!this.#byPin);
    // Whichever works is kept; where none does, the failure is that of the one that worked last.
    if (other < 0) return result;
    this.#byPin = !this.#byPin;
    return other;
  }

  #openBy(pin: boolean): number {
    this.#calls++;
    return pin && this.#pinPath !== undefined
      ? this.#kernel.open(this.#pinPath)
      : createIterator(this.#kernel, this.#linkFd);
  }
}

/** A call that ended a pass early. */
export interface IterationFailure {
  readonly call: string;
  /** positive */
  readonly errno: number;
}

/** The kernel gathers 8 pages (bpf_iter.c) and gives whole records to whoever has room for all. */
const READ_BYTES = 64 * 1024;
/** A million objects for which nothing is written end one read(); no node has as many as this many reads pass. */
const MAX_RETRIES = 1_000;

export class IteratorSession {
  readonly #kernel: KernelPort;
  readonly #source: IterationSource;
  readonly recordBytes: number;
  #bytes = new Uint8Array(READ_BYTES);
  #words = new Uint32Array(this.#bytes.buffer);
  #count = 0;
  #calls = 0;

  constructor(
    kernel: KernelPort,
    source: IterationSource,
    recordBytes: number,
  ) {
    this.#kernel = kernel;
    this.#source = source;
    this.recordBytes = recordBytes;
  }

  /** What opens its iterations now, for messages. */
  get call(): string {
    return this.#source.call;
  }

  /** System calls since it was made. */
  get calls(): number {
    return this.#calls + this.#source.calls;
  }

  /** Records of the last pass. */
  get count(): number {
    return this.#count;
  }

  /** They follow each other. Valid until the next pass. */
  get words(): Uint32Array<ArrayBuffer> {
    return this.#words;
  }

  /** The record at `index` of the last pass. */
  view(index: number): DataView<ArrayBuffer> {
    const { recordBytes } = this;
    return new DataView(this.#bytes.buffer, index * recordBytes, recordBytes);
  }

  /** One pass. Undefined when it reached the end. */
  run(): IterationFailure | undefined {
    return this.#pass(undefined);
  }

  /** One pass whose records are there, from index 0 on, only while `take` is called, some at a time: it needs no more room. */
  stream(take: () => void): IterationFailure | undefined {
    return this.#pass(take);
  }

  #pass(take: (() => void) | undefined): IterationFailure | undefined {
    this.#count = 0;
    let fd = this.#source.open();
    // errno may be overwritten by the engine before it is read, so a failure counts when it repeats.
    if (fd < 0) fd = this.#source.open();
    if (fd < 0) return { call: this.#source.call, errno: -fd };
    try {
      return this.#read(fd, take);
    } finally {
      this.#calls++;
      this.#kernel.close(fd);
    }
  }

  #read(
    fd: number,
    take: (() => void) | undefined,
  ): IterationFailure | undefined {
    let filled = 0;
    for (let retries = 0; retries < MAX_RETRIES;) {
      if (this.#bytes.length - filled < READ_BYTES) {
        this.#resize(this.#bytes.length * 2, filled);
      }
      const into = filled === 0 ? this.#bytes : this.#bytes.subarray(filled);
      this.#calls++;
      const length = this.#kernel.read(fd, into);
      if (length > 0) {
        filled += length;
        if (take === undefined) continue;
        this.#count = Math.floor(filled / this.recordBytes);
        take();
        filled = 0;
      } else if (length === 0) {
        this.#count = Math.floor(filled / this.recordBytes);
        return undefined;
      } else if (length === -EAGAIN || length === -EINTR) retries++;
      else return { call: "read of an iterator", errno: -length };
    }
    return { call: "read of an iterator", errno: EAGAIN };
  }

  #resize(bytes: number, keep = 0): void {
    const old = this.#bytes;
    this.#bytes = new Uint8Array(bytes);
    this.#bytes.set(old.subarray(0, keep));
    this.#words = new Uint32Array(this.#bytes.buffer);
  }
}
