/**
 * Owns a kernel that holders are looked for in: iterations whose records a test writes, texts, directories and files that may be
 * pins. In: all of these. Out: a port, what it was asked, and how many descriptors it has open.
 * @module
 */
import { ENOENT } from "../../ffi/errno.ts";
import { type KernelPort, O_DIRECTORY, O_PATH } from "../../ffi/port.ts";
import type { OpenIterator } from "../../ffi/mod.ts";
import { FakeKernel } from "./fake_kernel.ts";
import { encodeDirents } from "./fake_files.ts";

const FIRST_FD = 20_000;
const OWN_FD = /^\/proc\/self\/fd\/(\d+)$/;

type Open =
  | { readonly kind: "records"; words: Uint32Array }
  | { readonly kind: "text"; bytes: Uint8Array }
  | { readonly kind: "directory"; names: readonly string[]; at: number }
  | { readonly kind: "place" };

export class FakeRecords {
  readonly kernel: FakeKernel = new FakeKernel();
  /** Words of all records of an iterator, by the descriptor of its link; a number is -errno of its open(). */
  readonly records: Map<number, (() => number[]) | number> = new Map();
  readonly texts: Map<string, string> = new Map();
  /** Files and directories below a directory, by its path; a name that ends in `/` is a directory. */
  readonly directories: Map<string, string[] | number> = new Map();
  /** Paths in their order, but those of iterations. */
  readonly opened: string[] = [];
  /** Paths of files that are open by O_PATH, by descriptor. */
  readonly places: Map<number, string> = new Map();
  readonly #open = new Map<number, Open>();
  #nextFd = FIRST_FD;

  get openFds(): number {
    return this.#open.size;
  }

  /** What acquire() would hand on. */
  iterator(linkFd: number, recordBytes: number): OpenIterator {
    return {
      linkFd,
      pinFd: linkFd,
      linkId: 1,
      programId: 1,
      form: "typed",
      recordBytes,
      fields: [],
      absent: {},
    };
  }

  get port(): KernelPort {
    const { kernel } = this;
    return {
      allocate: (size) => kernel.allocate(size),
      bpf: () => -ENOENT,
      open: (path, flags = 0) => this.#openPath(path, flags),
      read: (fd, into) => this.#read(fd, into),
      readDirectory: (fd, into) => this.#readDirectory(fd, into),
      mountDetached: () => -ENOENT,
      openPerfEvent: () => -ENOENT,
      mapShared: () => -ENOENT,
      unmapShared: () => {},
      chmod: () => -ENOENT,
      unlink: () => -ENOENT,
      close: (fd) => {
        this.places.delete(fd);
        return this.#open.delete(fd) ? 0 : -9;
      },
      monotonicMs: () => kernel.monotonicMs(),
      threadCpuMs: () => kernel.threadCpuMs(),
      threadId: () => 1,
    };
  }

  #openPath(path: string, flags: number): number {
    const own = OWN_FD.exec(path)?.[1];
    if (own !== undefined) {
      const records = this.records.get(Number(own));
      if (typeof records === "number") return records;
      return this.#add({
        kind: "records",
        words: Uint32Array.from(records?.() ?? []),
      });
    }
    this.opened.push(path);
    if ((flags & O_PATH) !== 0) {
      const fd = this.#add({ kind: "place" });
      this.places.set(fd, path);
      return fd;
    }
    const names = this.directories.get(path);
    if ((flags & O_DIRECTORY) !== 0 && names !== undefined) {
      return typeof names === "number"
        ? names
        : this.#add({ kind: "directory", names, at: 0 });
    }
    const text = this.texts.get(path);
    if (text === undefined) return -ENOENT;
    return this.#add({ kind: "text", bytes: new TextEncoder().encode(text) });
  }

  #add(open: Open): number {
    this.#open.set(this.#nextFd, open);
    return this.#nextFd++;
  }

  #read(fd: number, into: Uint8Array): number {
    const open = this.#open.get(fd);
    if (open?.kind === "records") {
      const bytes = new Uint8Array(open.words.buffer);
      into.set(bytes);
      open.words = new Uint32Array();
      return bytes.length;
    }
    if (open?.kind !== "text") return -9;
    const piece = open.bytes.subarray(0, into.length);
    into.set(piece);
    open.bytes = open.bytes.subarray(piece.length);
    return piece.length;
  }

  #readDirectory(fd: number, into: Uint8Array<ArrayBuffer>): number {
    const open = this.#open.get(fd);
    if (open?.kind !== "directory") return -9;
    const names = open.names.map((name) => name.replace(/\/$/, ""));
    const { written, next } = encodeDirents(names, open.at, into);
    const view = new DataView(into.buffer, into.byteOffset);
    let i = open.at;
    for (let at = 0; at < written; i++) {
      view.setUint32(at, i + 1, true);
      into[at + 18] = open.names[i].endsWith("/") ? 4 : 8;
      at += view.getUint16(at + 16, true);
    }
    open.at = next;
    return written;
  }
}
