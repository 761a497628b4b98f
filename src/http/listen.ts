/**
 * Owns the step from a server to one that listens. In: a server of `node:http` or `node:https` and an address. Out: where it
 * listens, who can reach it there, and how this process reaches it itself.
 * @module
 */
import type { Server } from "node:http";
import { isIPv4, type NetConnectOpts } from "node:net";
import type { Clock } from "../clock.ts";
import {
  isUnix,
  type ListenAddress,
  type TcpAddress,
  type UnixAddress,
} from "../config/config.ts";
import { type ListenError, listenError } from "./listen_error.ts";
import { clearLeftOver, restrict } from "./unix_socket.ts";

export interface Listening<A extends ListenAddress> {
  /** Port 0 has become the one that was given. */
  readonly address: A;
  /** Whether only processes of this machine can connect. */
  readonly local: boolean;
  /** What this process connects to to reach it. */
  readonly door: NetConnectOpts;
}

export interface ListenOptions {
  readonly backlog: number;
  readonly clock: Clock;
  readonly inherited?: Inherited | undefined;
}

/** Sockets that an earlier life of the process has opened. */
export interface Inherited {
  /** A descriptor, for the server to close, of the one that listens at `address`; undefined where none does; or why not. */
  duplicate(address: ListenAddress): number | string | undefined;
  /** Lets go of it, once the server has closed: nobody listens there any more. */
  release(address: ListenAddress): void;
}

/** @throws {ListenError} */
export async function listen<A extends ListenAddress>(
  server: Server,
  address: A,
  options: ListenOptions,
): Promise<Listening<A>>;
export async function listen(
  server: Server,
  address: ListenAddress,
  options: ListenOptions,
): Promise<Listening<ListenAddress>> {
  const fd = options.inherited?.duplicate(address);
  if (fd !== undefined) return await listenOnDescriptor(server, address, fd);
  return isUnix(address)
    ? await listenOnPath(server, address, options)
    : await listenOnPort(server, address, options.backlog);
}

async function listenOnDescriptor(
  server: Server,
  address: ListenAddress,
  fd: number | string,
): Promise<Listening<ListenAddress>> {
  try {
    if (typeof fd === "string") {
      throw Object.assign(new Error(fd), { code: fd });
    }
    await bound(server, { fd });
  } catch (error) {
    throw listenError(address, error as Error);
  }
  return isUnix(address)
    ? { address, local: true, door: { path: address.path } }
    : placeOf(server, address, address.host);
}

async function listenOnPath(
  server: Server,
  address: UnixAddress,
  { backlog, clock }: ListenOptions,
): Promise<Listening<UnixAddress>> {
  const { path } = address;
  try {
    await clearLeftOver(path, clock);
    await bound(server, { path, backlog });
  } catch (error) {
    throw listenError(address, error as Error);
  }
  try {
    // An older runtime ignores the path and listens on a port of every address.
    if (typeof server.address() !== "string") {
      throw new Error("this runtime serves no HTTP on unix sockets");
    }
    await restrict(path);
  } catch (error) {
    server.close();
    throw listenError(address, error as Error);
  }
  return { address, local: true, door: { path } };
}

/** No host means every address, of both families where this machine has both. */
async function listenOnPort(
  server: Server,
  address: TcpAddress,
  backlog: number,
): Promise<Listening<TcpAddress>> {
  if (address.host !== "") return await on(address.host);
  try {
    return await on("::");
  } catch (error) {
    // A machine without IPv6 says so in several ways; these two would be the same for IPv4.
    const { code } = error as ListenError;
    if (code === "EADDRINUSE" || code === "EACCES") throw error;
    return await on("0.0.0.0");
  }

  async function on(host: string): Promise<Listening<TcpAddress>> {
    try {
      await bound(server, { port: address.port, host, backlog });
    } catch (error) {
      throw listenError(address, error as Error);
    }
    return placeOf(server, address, host);
  }
}

/** @param host where it listens, should the server not know */
function placeOf(
  server: Server,
  address: TcpAddress,
  host: string,
): Listening<TcpAddress> {
  const found = server.address();
  const { port, address: ip } = found !== null && typeof found === "object"
    ? found
    : { port: address.port, address: host };
  return {
    address: { host: address.host, port },
    local: isLoopback(ip),
    door: { port, host: doorHost(ip, address.host) },
  };
}

function bound(
  server: Server,
  where:
    & { readonly backlog?: number }
    & (
      | UnixAddress
      | TcpAddress
      | { readonly fd: number }
    ),
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  try {
    server.listen(where, resolve);
  } catch (error) {
    reject(error);
  }
  return promise.finally(() => server.off("error", reject));
}

/** Of an address as the kernel writes it. */
function isLoopback(ip: string): boolean {
  const ipv4 = ip.replace(/^::ffff:/i, "");
  return ip === "::1" || (isIPv4(ipv4) && ipv4.startsWith("127."));
}

function doorHost(ip: string, configured: string): string {
  if (ip === "::") return "::1";
  if (ip === "0.0.0.0") return "127.0.0.1";
  // The kernel's form has lost the interface of a link-local address.
  return configured.includes("%") ? configured : ip;
}
