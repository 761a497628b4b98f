/**
 * Owns the reading of an iterator: one pass over every object of its kind. In: what opens a new iteration. Out: whole records, in
 * ascending id, in one buffer that is used again. An iteration cannot be rewound, so each pass opens its own.
 * Source: kernel/bpf/bpf_iter.c bpf_seq_read().
 * @module
 */
import { createIterator } from "../bpf.ts";
import { EAGAIN, EINTR } from "../errno.ts";
import type { KernelPort } from "../port.ts";

/** Where iterations come from: a link, or later the pin of one. */
export interface IterationSource {
  /** As `BPF_ITER_CREATE`, for messages. */
  readonly call: string;
  /** A descriptor of a new iteration, or -errno. */
  open(): number;
}

/** Iterations of an open link. */
export function iterationsOf(
  kernel: KernelPort,
  linkFd: number,
): IterationSource {
  return {
    call: "BPF_ITER_CREATE",
    open: () => createIterator(kernel, linkFd),
  };
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

  /** System calls since it was made. */
  get calls(): number {
    return this.#calls;
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
    this.#calls++;
    let fd = this.#source.open();
    if (fd < 0) {
      // errno may be overwritten by the engine before it is read, so a failure counts when it repeats.
      this.#calls++;
      fd = this.#source.open();
    }
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
