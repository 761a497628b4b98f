/**
 * Owns the reading of symbolic links, those of /proc among them, for the runtime's own file API refuses these without all permissions. In:
 * an absolute path. Out: where it leads, as bytes, or -errno. Its functions of libc are loaded when it is opened.
 * @module
 */
import { ENAMETOOLONG } from "./errno.ts";
import { loadLibc } from "./libc.ts";

const SYMBOLS = {
  /** ssize_t readlink(const char *path, char *buf, size_t size); */
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
  /** int *__errno_location(void); musl and glibc both have it */
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const PATH_MAX = 4096;
/** Below about 64 bytes the engine may keep an array on its own heap, and move it. */
const LEAST_BYTES = 128;
const encoder = new TextEncoder();

/** readlink(2): the target, up to PATH_MAX bytes, or -errno. */
export type ReadLink = (path: string) => Uint8Array<ArrayBuffer> | number;

/**
 * Opens it for the calling thread.
 * @throws {Error} where there is no `libc.so.6`, or the runtime forbids FFI.
 */
export function openReadLink(): ReadLink {
  const symbols = loadLibc(SYMBOLS);
  const errnoPointer = symbols.__errno_location();
  if (errnoPointer === null) throw new Error("libc has no errno location");
  const errno = new Int32Array(
    Deno.UnsafePointerView.getArrayBuffer(errnoPointer, 4),
  );
  return (path) => {
    const text = new Uint8Array(Math.max(3 * path.length + 1, LEAST_BYTES));
    encoder.encodeInto(path, text);
    const target = new Uint8Array(PATH_MAX);
    const result = symbols.readlink(text, target, BigInt(PATH_MAX));
    if (result < 0) return -errno[0];
    // Cut short it would be another path, which may exist.
    return result === PATH_MAX ? -ENAMETOOLONG : target.slice(0, result);
  };
}
