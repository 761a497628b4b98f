/**
 * Owns the listing of directories that others fill: what is in them, up to a bound. In: a port, an absolute path. Out: entries in
 * the kernel's order, with what they are. Source: include/linux/dirent.h `struct linux_dirent64`.
 * @module
 */
import { Fd } from "./fd.ts";
import { type KernelPort, O_DIRECTORY } from "./port.ts";

export interface DirectoryEntry {
  /** A hostile string. */
  readonly name: string;
  readonly kind: "directory" | "file" | "other";
  /** As long as the entry is there no other one of its file system has it. */
  readonly inode: number;
}

export interface Listing {
  readonly entries: readonly DirectoryEntry[];
  /** There were no more. */
  readonly isWhole: boolean;
}

const CHUNK_BYTES = 32 * 1024;
const INODE = 0;
const LENGTH = 16;
const TYPE = 18;
const NAME = 19;
const KINDS: Readonly<Record<number, DirectoryEntry["kind"]>> = {
  4: "directory",
  8: "file",
};
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** At most `most` entries, without `.` and `..`; -errno where it cannot be listed. */
export function readEntries(
  kernel: KernelPort,
  path: string,
  most: number,
): Listing | number {
  const number = kernel.open(path, O_DIRECTORY);
  if (number < 0) return number;
  using fd = new Fd(kernel, number);
  const chunk = new Uint8Array(CHUNK_BYTES);
  const view = new DataView(chunk.buffer);
  const entries: DirectoryEntry[] = [];
  for (;;) {
    const length = kernel.readDirectory(fd.number, chunk);
    if (length < 0) return length;
    if (length === 0) return { entries, isWhole: true };
    for (let at = 0; at < length;) {
      const end = at + view.getUint16(at + LENGTH, true);
      const nul = chunk.indexOf(0, at + NAME);
      const name = decoder.decode(
        chunk.subarray(at + NAME, Math.min(nul, end)),
      );
      if (name !== "." && name !== "..") {
        if (entries.length === most) return { entries, isWhole: false };
        entries.push({
          name,
          kind: KINDS[chunk[at + TYPE]] ?? "other",
          inode: view.getUint32(at + INODE, true) +
            view.getUint32(at + INODE + 4, true) * 2 ** 32,
        });
      }
      at = end;
    }
  }
}
