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
  /** Removes the files of unix sockets, where no later life begins. */
  abandon(): Promise<void>;
}

export interface BindPorts {
  readonly clock: Clock;
  /** Ports below it are the kernel's to give. */
  readonly firstUnprivilegedPort: number;
  /** As `2.9.6`. */
  readonly denoVersion: string;
  /** Who listens in the later life, where that is somebody else: unix sockets become theirs. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** A listening socket, or the name of the errno. */
  bind(address: ListenAddress, backlog: number): number | string;
}

/** @throws {ListenError} and no file is left then */
export async function bindPrivileged(
  addresses: readonly ListenAddress[],
  ports: BindPorts,
): Promise<PrivilegedListeners> {
  const held: HeldListener[] = [];
  const keep: KeptCapability[] = [];
  const abandon = () => removeSockets(held);
  const inherits = listensOnDescriptors(ports.denoVersion);
  try {
    for (const address of addresses) {
      if (isUnix(address)) {
        // Which an older runtime does not serve at all: it says so when it listens.
        if (inherits) held.push(await bindPath(address, ports));
        continue;
      }
      const { host, port } = address;
      if (port === 0 || port >= ports.firstUnprivilegedPort) continue;
      if (inherits && isBindable(host)) {
        held.push({ address, fd: bound(address, ports) });
      } else {
        const why = inherits
          ? `${host} is looked up when port ${port} is listened on`
          : `this runtime listens on port ${port} itself`;
        keep.push({ capability: "CAP_NET_BIND_SERVICE", why });
      }
    }
  } catch (error) {
    await abandon();
    throw error;
  }
  return { held, keep, abandon };
}

/** Without the help of a resolver, which names need, and the interface of a link-local address. */
function isBindable(host: string): boolean {
  return host === "" || (isIP(host) !== 0 && !host.includes("%"));
}

/** Removes the files of unix sockets on which nobody will listen, as far as this process may. */
export async function removeSockets(
  held: readonly HeldListener[],
): Promise<void> {
  for (const { address } of held) {
    // The next start removes what this one may not.
    if (isUnix(address)) await Deno.remove(address.path).catch(() => {});
  }
}

async function bindPath(
  address: UnixAddress,
  ports: BindPorts,
): Promise<HeldListener> {
  const { path } = address;
  const { owner } = ports;
  try {
    await clearLeftOver(path, ports.clock);
  } catch (error) {
    throw listenError(address, error as Error);
  }
  const fd = bound(address, ports);
  const listener = { address, fd };
  try {
    await restrict(path);
    if (owner !== undefined) await giveTo(path, owner);
  } catch (error) {
    await removeSockets([listener]);
    throw listenError(address, error as Error);
  }
  return listener;
}

/** Without CAP_CHOWN it stays as it is: who listens is not who may connect then. */
async function giveTo(
  path: string,
  { uid, gid }: NonNullable<BindPorts["owner"]>,
): Promise<void> {
  try {
    await Deno.chown(path, uid, gid);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
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
