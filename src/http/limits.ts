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
  /** Beyond it the connection that has been silent for longest makes room. */
  readonly maxConnections: number;
  /** Connections that the kernel keeps until they are accepted; all of them may be accepted, and refused, in one go. */
  readonly backlog: number;
  /** Requests that may wait on one connection; a client that sends more before it reads is cut off. */
  readonly maxPipelined: number;
  readonly maxHeaderBytes: number;
  /** Path and query; more is answered with 414. */
  readonly maxUrlBytes: number;
  /** A listener that heard nobody for this long is knocked at: it may have gone deaf. */
  readonly knockAfterMs: number;
  /** How long answers may go on once the server was told to stop. */
  readonly stopGraceMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headersTimeoutMs: 4_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 75_000,
  checkEveryMs: 1_000,
  maxConnections: 1_200,
  backlog: 128,
  maxPipelined: 16,
  maxHeaderBytes: 16_384,
  maxUrlBytes: 8_192,
  knockAfterMs: 10_000,
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

/** What each of `listeners` gets of connections and backlog, so that all of them together stay within `limits`. */
export function shareOf(limits: HttpLimits, listeners: number): HttpLimits {
  const part = (whole: number) => Math.max(1, Math.floor(whole / listeners));
  return {
    ...limits,
    maxConnections: part(limits.maxConnections),
    backlog: part(limits.backlog),
  };
}
