/**
 * Owns all listeners of the agent together: all of them listen or none. In: an application, addresses, and perhaps a certificate.
 * Out: running servers that stop as one, and a certificate that can be renewed.
 * @module
 */
import type { Hono } from "hono";
import type { Clock } from "../clock.ts";
import { isUnix, type ListenAddress } from "../config/config.ts";
import type { HttpEnv } from "./env.ts";
import { HTTP_LIMITS, type HttpLimits, shareOf } from "./limits.ts";
import type { ListenOptions } from "./listen.ts";
import { formatAddress } from "./listen_error.ts";
import { type HttpServer, type ServerLog, startServer } from "./server.ts";
import { TlsError, type TlsPem, tlsProblem } from "./tls.ts";

export interface ServersOptions {
  readonly app: Hono<HttpEnv>;
  /** At least one. Unix sockets are never HTTPS. */
  readonly addresses: readonly ListenAddress[];
  readonly tls?: TlsPem;
  /** Whether requests must carry a token; without one and without TLS an address beyond this machine is warned about. */
  readonly tokenNeeded: boolean;
  /** As ListenOptions'. */
  readonly inherited?: ListenOptions["inherited"];
  readonly clock: Clock;
  readonly log: ServerLog;
  /** Of all listeners together. */
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpServers {
  /** In the order of the options; each port 0 has become the one that was given. */
  readonly addresses: readonly ListenAddress[];
  /** New connections get this certificate; one that cannot be used is warned about, and the old one stays. */
  renewTls(pem: TlsPem): void;
  /** As HttpServer's. */
  stop(): Promise<void>;
}

/** @throws {TlsError} @throws {ListenError} for the first address that failed; then nothing listens. */
export async function startServers(
  options: ServersOptions,
): Promise<HttpServers> {
  const { addresses, tls, log } = options;
  const reason = tls === undefined ? undefined : tlsProblem(tls);
  if (reason !== undefined) throw new TlsError(reason);
  const servers: HttpServer[] = [];
  const limits = shareOf(
    { ...HTTP_LIMITS, ...options.limits },
    addresses.length,
  );
  try {
    for (const address of addresses) {
      const secure = tls !== undefined && !isUnix(address);
      servers.push(
        await startServer({
          ...options,
          address,
          limits,
          tls: secure ? tls : undefined,
        }),
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  if (tls === undefined && !options.tokenNeeded) warnOfOpenAddresses();
  return {
    addresses: servers.map(({ address }) => address),
    renewTls,
    stop,
  };

  async function stop(): Promise<void> {
    await Promise.all(servers.map((server) => server.stop()));
  }

  function renewTls(pem: TlsPem): void {
    const reason = tlsProblem(pem);
    if (reason !== undefined) {
      log.warn(`${reason}; the certificate and key from before stay in use`);
      return;
    }
    for (const server of servers) server.renewTls(pem);
  }

  function warnOfOpenAddresses(): void {
    for (const { address, local } of servers) {
      if (local) continue;
      log.warn(
        `Whoever reaches ${
          formatAddress(address)
        } can read everything: set --auth-token-file, or --tls-cert and --tls-key, or listen on 127.0.0.1`,
      );
    }
  }
}
