/**
 * Owns how much the HTTP server takes from its clients. In: how many files this process may open. Out: time-outs and
 * numbers of connections, which server.ts keeps.
 * @module
 */

export interface HttpLimits {
  /** A connection that has not sent a whole header by then is closed. */
  readonly headersTimeoutMs: number;
  /** A request whose body is not there by then is closed. */
  readonly requestTimeoutMs: number;
  /** How long a connection may stay open between two requests: longer than most scrape intervals. */
  readonly keepAliveTimeoutMs: number;
  /** How often the time-outs are looked at; each look wakes the process up. */
  readonly checkEveryMs: number;
  readonly maxConnections: number;
  /** Connections that the kernel keeps until they are accepted; all of them may be accepted, and refused, in one go. */
  readonly backlog: number;
  readonly maxHeaderBytes: number;
  /** How long answers may go on once the server was told to stop. */
  readonly stopGraceMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headersTimeoutMs: 4_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 75_000,
  checkEveryMs: 1_000,
  maxConnections: 1_000,
  backlog: 128,
  maxHeaderBytes: 16_384,
  stopGraceMs: 200,
};

/** For everything in this process that is not a connection: the runtime, workers, the kernel's objects. */
const RESERVED_FILES = 128;
const FEWEST_CONNECTIONS = 16;

/**
 * As many connections as fit beside everything else into `openFilesLimit` (RLIMIT_NOFILE, soft). Accepting beyond it
 * ends a listener of this runtime for good, without a word, so it must not come to that.
 */
export function connectionsWithin(openFilesLimit: number): number {
  const room = openFilesLimit - RESERVED_FILES - HTTP_LIMITS.backlog;
  return Math.max(
    FEWEST_CONNECTIONS,
    Math.min(HTTP_LIMITS.maxConnections, room),
  );
}
