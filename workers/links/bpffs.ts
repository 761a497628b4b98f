/**
 * Owns the listing of every bpffs that this process sees: its mounts, and the files in them. In: a port. Out: files that may be pins,
 * up to bounds, for whoever may write there decides how many there are and how they are named. Needs search and read permission
 * for each directory. Source: Documentation/filesystems/proc.rst (mountinfo), kernel/bpf/inode.c.
 * @module
 */
import {
  errnoName,
  type KernelPort,
  readEntries,
  readText,
} from "../../ffi/sampling.ts";

/** A file that may be a pin. */
export interface PinFile {
  /** Absolute. A hostile string. */
  readonly path: string;
  /** Which file it is, with its file system. */
  readonly identity: string;
}

export interface PinFiles {
  readonly files: readonly PinFile[];
  /** One sentence where there may be more. */
  readonly unread?: string;
}

export const BPFFS_LIMITS = {
  files: 10_000,
  directories: 2_000,
  depth: 32,
  /** UTF-16 units of all paths. */
  pathUnits: 2 ** 20,
} as const;
const MOUNTS = "/proc/self/mountinfo";

/** One sentence where no bpffs can be read, though there are some. */
export function listBpffs(kernel: KernelPort): PinFiles | string {
  const text = readText(kernel, MOUNTS);
  if (text === undefined) return `${MOUNTS} cannot be read`;
  const mounts = bpffsMounts(text);
  const listing = new BpffsListing(kernel);
  for (const { device, path } of mounts) listing.walk(device, path);
  return listing.result(mounts.length);
}

/** The mounts of each bpffs, by its device; of several the one that shows most of it. */
export function bpffsMounts(
  mountinfo: string,
): { device: string; path: string }[] {
  const found = new Map<string, { path: string; root: string }>();
  for (const line of mountinfo.split("\n")) {
    const [mount, fs] = line.split(" - ", 2);
    if (fs?.split(" ", 1)[0] !== "bpf") continue;
    const [, , device, root, path] = mount.split(" ");
    const other = found.get(device);
    if (other !== undefined && other.root.length <= root.length) continue;
    found.set(device, { path: unescaped(path), root });
  }
  return [...found].map(([device, { path }]) => ({ device, path }));
}

/** mangle_path(): blanks and backslashes are in octal. */
function unescaped(path: string): string {
  return path.replace(
    /\\([0-7]{3})/g,
    (_, octal) => String.fromCharCode(parseInt(octal, 8)),
  );
}

class BpffsListing {
  readonly #kernel: KernelPort;
  readonly #files: PinFile[] = [];
  #directories = 0;
  #pathUnits = 0;
  #unread: string | undefined;
  /** Of mounts whose own directory could not be read. */
  readonly #closed: string[] = [];

  constructor(kernel: KernelPort) {
    this.#kernel = kernel;
  }

  walk(device: string, mount: string): void {
    const waiting = [{ path: mount, depth: 0 }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { path, depth } = next;
      if (++this.#directories > BPFFS_LIMITS.directories) {
        return this.#bound(`${BPFFS_LIMITS.directories} directories`);
      }
      const room = BPFFS_LIMITS.files - this.#files.length;
      const listing = readEntries(this.#kernel, path, room);
      if (typeof listing === "number") {
        const why = `${path} cannot be listed: ${errnoName(-listing)}`;
        if (depth === 0) this.#closed.push(why);
        this.#unread ??= why;
        continue;
      }
      const below = path === "/" ? "" : path;
      for (const { name, kind, inode } of listing.entries) {
        if (kind === "other") continue;
        const entry = `${below}/${name}`;
        this.#pathUnits += entry.length;
        if (this.#pathUnits > BPFFS_LIMITS.pathUnits) {
          return this.#bound(`${BPFFS_LIMITS.pathUnits} letters of paths`);
        }
        if (kind === "file") {
          this.#files.push({ path: entry, identity: `${device} ${inode}` });
        } else if (depth < BPFFS_LIMITS.depth) {
          waiting.push({ path: entry, depth: depth + 1 });
        } else this.#bound(`${BPFFS_LIMITS.depth} directories in each other`);
      }
      if (!listing.isWhole) return this.#bound(`${BPFFS_LIMITS.files} pins`);
    }
  }

  result(mounts: number): PinFiles | string {
    if (mounts > 0 && this.#closed.length === mounts) return this.#closed[0];
    return {
      files: this.#files,
      ...(this.#unread === undefined ? {} : { unread: this.#unread }),
    };
  }

  #bound(what: string): void {
    this.#unread ??= `there are more than ${what} in bpffs`;
  }
}
