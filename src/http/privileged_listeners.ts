/**
 * Owns the listeners that must be bound while there are privileges: ports that the kernel keeps for root, and unix sockets, whose
 * folder the agent's later user may not write. In: addresses, and who binds. Out: descriptors for the later life; or a
 * capability that it needs, where this runtime cannot listen on them.
 * @module
 */
import { isIP } from "node:net";
import type { KeptCapability } from "../../workers/acquire.ts";
import type { Clock } from "../clock.ts";
import {
  isUnix,
  type ListenAddress,
  type UnixAddress,
} from "../config/config.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { listenError } from "./listen_error.ts";
import { clearLeftOver, restrict } from "./unix_socket.ts";

/** A listening socket that outlives the life that bound it. */
export interface HeldListener {
  readonly address: ListenAddress;
  readonly fd: number;
}

export interface PrivilegedListeners {
  readonly held: readonly HeldListener[];
  readonly keep: readonly KeptCapability[];
}

export interface BindPorts {
  readonly clock: Clock;
  /** Ports below it are the kernel's to give. */
  readonly firstUnprivilegedPort: number;
  /** As `2.9.6`. */
  readonly denoVersion: string;
  /** A listening socket, or the name of the errno. */
  bind(address: ListenAddress, backlog: number): number | string;
}

/** @throws {ListenError} */
export async function bindPrivileged(
  addresses: readonly ListenAddress[],
  ports: BindPorts,
): Promise<PrivilegedListeners> {
  const held: HeldListener[] = [];
  const keep: KeptCapability[] = [];
  const inherits = listensOnDescriptors(ports.denoVersion);
  for (const address of addresses) {
    if (isUnix(address)) {
      // Which an older runtime does not serve at all: it says so when it listens.
      if (inherits) held.push(await bindPath(address, ports));
      continue;
    }
    const { host, port } = address;
    if (port === 0 || port >= ports.firstUnprivilegedPort) continue;
    if (inherits && (host === "" || isIP(host) !== 0)) {
      held.push({ address, fd: bound(address, ports) });
    } else {
      const why = inherits
        ? `${host} is looked up when port ${port} is listened on`
        : `this runtime listens on port ${port} itself`;
      keep.push({ capability: "CAP_NET_BIND_SERVICE", why });
    }
  }
  return { held, keep };
}

async function bindPath(
  address: UnixAddress,
  ports: BindPorts,
): Promise<HeldListener> {
  const { path } = address;
  try {
    await clearLeftOver(path, ports.clock);
  } catch (error) {
    throw listenError(address, error as Error);
  }
  const fd = bound(address, ports);
  try {
    await restrict(path);
  } catch (error) {
    throw listenError(address, error as Error);
  }
  return { address, fd };
}

function bound(address: ListenAddress, ports: BindPorts): number {
  const fd = ports.bind(address, HTTP_LIMITS.backlog);
  if (typeof fd === "number") return fd;
  throw listenError(address, Object.assign(new Error(fd), { code: fd }));
}

/** Deno 2.4 opens another port instead of the descriptor that it is told. */
function listensOnDescriptors(denoVersion: string): boolean {
  const [major, minor] = denoVersion.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}
