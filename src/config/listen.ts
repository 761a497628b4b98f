/**
 * Owns the text of an address to listen on. In: `host:port`, `[::1]:port`, `:port` or `unix:/path`. Out: ListenAddress, and
 * back.
 * @module
 */
import { isIPv4, isIPv6 } from "./ip.ts";
import { isUnix, type ListenAddress, type TcpAddress } from "./config.ts";
import type { Parsed, ValueKind } from "./value_kind.ts";

const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?\.?$/i;

const UNIX = "unix:";

/** What sun_path of struct sockaddr_un holds before its final NUL. Source: unix(7). */
const SOCKET_PATH_BYTES = 107;

/** TCP port 0 lets the kernel choose one. Whether a name resolves is known only when it is listened on. */
export const listenAddress: ValueKind<ListenAddress> = {
  type: "text",
  expects:
    `host:port, [::1]:port or :port with a port from 0 to 65535, or unix:/path with an absolute path of at most ${SOCKET_PATH_BYTES} bytes`,
  parse: (text) =>
    text.startsWith(UNIX)
      ? parseSocketPath(text.slice(UNIX.length))
      : parseTcp(text),
};

/** The text that gives this address again. */
export function formatListen(address: ListenAddress): string {
  if (isUnix(address)) return UNIX + address.path;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

function parseSocketPath(path: string): Parsed<ListenAddress> {
  const isFile = path.startsWith("/") && !path.endsWith("/");
  const bytes = new TextEncoder().encode(path).length;
  return isFile && bytes <= SOCKET_PATH_BYTES && !path.includes("\0")
    ? { ok: true, value: { path } }
    : { ok: false };
}

function parseTcp(text: string): Parsed<TcpAddress> {
  const [, ipv6, name, digits] =
    /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits ?? Number.NaN);
  if (!(port <= 65535)) return { ok: false };
  if (ipv6 !== undefined) {
    return isIPv6(ipv6)
      ? { ok: true, value: { host: ipv6, port } }
      : { ok: false };
  }
  const host = name ?? "";
  return host === "" || isHost(host)
    ? { ok: true, value: { host, port } }
    : { ok: false };
}

/** Digits and points alone are meant as an IPv4 address, so they must be one. */
function isHost(host: string): boolean {
  return /^[\d.]+$/.test(host) ? isIPv4(host) : HOST_NAME.test(host);
}
