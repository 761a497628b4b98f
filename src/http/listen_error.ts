/**
 * Owns what is said when a listener cannot be opened. In: the address and the runtime's error. Out: one sentence that says
 * what to do about it.
 * @module
 */
import { isUnix, type ListenAddress } from "../config/config.ts";

/** The message is one whole sentence, fit to be the last line that a user sees. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  /** As `EADDRINUSE`; undefined where the runtime names none. */
  readonly code: string | undefined;

  constructor(message: string, cause: Error) {
    super(message, { cause });
    this.code = codeOf(cause);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use; choose another one with --listen",
  EACCES:
    "no permission; ports below 1024 need root or CAP_NET_BIND_SERVICE, or choose another one with --listen",
  EADDRNOTAVAIL: "this machine does not have that address",
  // what Deno 2.9 makes of the former
  EINVAL: "this machine does not have that address",
  EAFNOSUPPORT: "this machine does not have that kind of address",
  ENOTFOUND: "no address is known for that name",
  EAI_AGAIN: "no address could be found for that name",
  EMFILE: "too many files are open",
};

const UNIX_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "another process answers there; choose another path with --listen",
  ENOTSOCK:
    "something that is not a socket is there; remove it or choose another path with --listen",
  EACCES: "no permission to make a socket there",
  EPERM: "no permission to make a socket there",
  EROFS: "that file system is read-only",
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder is not a folder",
  EINVAL: "the path is longer than the 107 bytes that a socket may have",
  ENAMETOOLONG: "the path is longer than the 107 bytes that a socket may have",
  EMFILE: "too many files are open",
};

export function listenError(address: ListenAddress, error: Error): ListenError {
  const code = codeOf(error);
  const reasons = isUnix(address) ? UNIX_REASONS : REASONS;
  const reason = (code === undefined ? undefined : reasons[code]) ??
    error.message;
  return new ListenError(
    `Cannot listen on ${formatAddress(address)}: ${reason}`,
    error,
  );
}

/** As `EADDRINUSE`; undefined where the error has none. */
export function codeOf(error: Error): string | undefined {
  const code = "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** As `127.0.0.1:9464`, `[::1]:9464`, `:9464` for every address, or `unix:/run/bpfpulse.sock`. */
export function formatAddress(address: ListenAddress): string {
  if (isUnix(address)) return `unix:${address.path}`;
  const { host, port } = address;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
