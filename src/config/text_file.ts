/**
 * Owns reading the configuration file from the disk, and what is said when that fails. In: a path. Out: text; or the
 * runtime's error, which becomes one sentence.
 * @module
 */
import { escapeUnsafe } from "./quoted.ts";

/** A configuration file is at most this long: 1 MiB. */
export const MOST_BYTES = 1 << 20;

/** @throws the runtime's error where there is no such file, or it may not be read. */
export type ReadTextFile = (path: string) => string;

/** What ends the attempt: 1 where the file cannot be read, 2 where it is wrong. */
export interface FileRefusal {
  readonly exitCode: 1 | 2;
  readonly message: string;
}

/**
 * The text of a regular file, as UTF-8; no more than its first MOST_BYTES and one, so that an endless file ends and its
 * reader sees that it is too long. Anything else than a file is refused: opening a FIFO waits for whoever writes to it.
 * @throws {Error} that says so, or the runtime's.
 */
export function readRegularFile(path: string): string {
  const found = Deno.statSync(path);
  if (found.isDirectory) throw new Deno.errors.IsADirectory("a directory");
  if (!found.isFile) throw new Error("it is no regular file");
  const file = Deno.openSync(path);
  try {
    const bytes = new Uint8Array(MOST_BYTES + 1);
    let length = 0;
    while (length < bytes.length) {
      const read = file.readSync(bytes.subarray(length));
      if (read === null) break;
      length += read;
    }
    return new TextDecoder().decode(bytes.subarray(0, length));
  } finally {
    file.close();
  }
}

/** The text at `path`, or why not. */
export function readConfigFile(
  path: string,
  readTextFile: ReadTextFile,
): string | FileRefusal {
  const shown = escapeUnsafe(path);
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    return {
      exitCode: 1,
      message: `Cannot read ${shown}: ${readFailure(error)}`,
    };
  }
  // A character is a byte at least.
  if (text.length > MOST_BYTES || byteLength(text) > MOST_BYTES) {
    return {
      exitCode: 2,
      message:
        `Cannot use ${shown}: expected at most ${MOST_BYTES} bytes, found more`,
    };
  }
  return text;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Why a file could not be read, as part of a sentence. */
export function readFailure(error: unknown): string {
  const {
    NotFound,
    PermissionDenied,
    NotCapable,
    IsADirectory,
    NotADirectory,
  } = Deno.errors;
  if (error instanceof NotFound) return "there is no such file";
  if (error instanceof PermissionDenied || error instanceof NotCapable) {
    return "no permission to read it";
  }
  if (error instanceof IsADirectory) return "it is a directory, not a file";
  if (error instanceof NotADirectory) {
    return "a part of its path is no directory";
  }
  return escapeUnsafe(error instanceof Error ? error.message : String(error));
}
