/**
 * Owns the fake kernel's /proc and /sys. In: paths with their text, or with a function that gives it at each open. Out: what open(2)
 * finds there, and directories in the encoding of getdents64(2). Source: fs/readdir.c filldir64().
 * @module
 */
import { ENOENT, ENOTDIR } from "../../ffi/errno.ts";

/** What a file holds: text, bytes, or what a function answers at each open. */
export type Content = string | Uint8Array | (() => string);

/** What goes wrong with a file. */
export interface FileFaults {
  /** open(2) fails with it. */
  readonly openErrno?: number;
  /** read(2) fails with it, once the content was read. */
  readonly readErrno?: number;
}

interface FileNode extends FileFaults {
  readonly content: Content;
}

/** What open(2) found. */
export type Opened =
  | { kind: "file"; bytes: Uint8Array; at: number; readErrno: number }
  | { kind: "directory"; list(): readonly string[]; at: number };

const encoder = new TextEncoder();

/** Files by path; a directory exists while it is named or has a child. */
export class FakeFiles {
  readonly #files = new Map<string, FileNode>();
  readonly #children = new Map<string, Set<string>>();
  readonly #listings = new Map<string, () => string[]>();

  addFile(path: string, content: Content, faults: FileFaults = {}): void {
    this.#files.set(path, { content, ...faults });
    this.#enter(path);
  }

  /** @param list gives the names when they are first read; without it they are those of what is added below */
  addDirectory(path: string, list?: () => string[]): void {
    if (list) this.#listings.set(path, list);
    if (!this.#children.has(path)) this.#children.set(path, new Set());
    this.#enter(path);
  }

  /** Removes a file, or a directory with all that is below. */
  remove(path: string): void {
    for (const child of this.#children.get(path) ?? []) {
      this.remove(`${path}/${child}`);
    }
    this.#children.delete(path);
    this.#listings.delete(path);
    this.#files.delete(path);
    const slash = path.lastIndexOf("/");
    this.#children.get(path.slice(0, slash))?.delete(path.slice(slash + 1));
  }

  /** @returns what is at `path`, or -errno */
  open(path: string, directoryOnly: boolean): Opened | number {
    const file = this.#files.get(path);
    if (file) {
      if (file.openErrno) return -file.openErrno;
      if (directoryOnly) return -ENOTDIR;
      const content = typeof file.content === "function"
        ? file.content()
        : file.content;
      return {
        kind: "file",
        bytes: typeof content === "string" ? encoder.encode(content) : content,
        at: 0,
        readErrno: file.readErrno ?? 0,
      };
    }
    const list = this.#listings.get(path);
    const children = this.#children.get(path);
    if (!list && !children) return -ENOENT;
    let names: string[] | undefined;
    return {
      kind: "directory",
      // At the first read, as /proc does: a listing of descriptors holds its own.
      list: () => names ??= [".", "..", ...list?.() ?? children ?? []],
      at: 0,
    };
  }

  #enter(path: string): void {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return;
    const parent = path.slice(0, slash);
    const siblings = this.#children.get(parent);
    if (siblings) {
      siblings.add(path.slice(slash + 1));
      return;
    }
    this.#children.set(parent, new Set([path.slice(slash + 1)]));
    this.#enter(parent);
  }
}

/**
 * Writes records of `struct linux_dirent64` for `names` from index `from` on, as many as fit.
 * @returns the bytes written and the index of the first name that did not fit
 */
export function encodeDirents(
  names: readonly string[],
  from: number,
  into: Uint8Array<ArrayBuffer>,
): { written: number; next: number } {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  let written = 0;
  let next = from;
  for (; next < names.length; next++) {
    const name = encoder.encode(names[next]);
    const length = Math.ceil((19 + name.length + 1) / 8) * 8;
    if (written + length > into.length) break;
    into.fill(0, written, written + length);
    view.setBigUint64(written, BigInt(next + 1), true);
    view.setBigUint64(written + 8, BigInt(next + 1), true);
    view.setUint16(written + 16, length, true);
    into.set(name, written + 19);
    written += length;
  }
  return { written, next };
}
