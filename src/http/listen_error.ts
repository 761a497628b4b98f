/**
 * Owns what is said when a listener cannot be opened. In: the address and the runtime's error. Out: one sentence that says
 * what to do about it.
 * @module
 */
import type { TcpAddress } from "../config/config.ts";

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

export function listenError(address: TcpAddress, error: Error): ListenError {
  const code = codeOf(error);
  const reason = (code === undefined ? undefined : REASONS[code]) ??
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

/** As `127.0.0.1:9464`, `[::1]:9464`, or `:9464` for every address. */
export function formatAddress({ host, port }: TcpAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
