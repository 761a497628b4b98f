/**
 * Owns the text of an address to listen on. In: `host:port`, `[::1]:port` or `:port`. Out: TcpAddress, and back.
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import type { TcpAddress } from "./config.ts";
import type { ValueKind } from "./value_kind.ts";

const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?\.?$/i;

/** A TCP address; port 0 lets the kernel choose one. Whether the name resolves is known only when it is listened on. */
export const listenAddress: ValueKind<TcpAddress> = {
  expects: "host:port, [::1]:port or :port with a port from 0 to 65535",
  parse(text) {
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
  },
};

/** The text that gives this address again. */
export function formatListen(address: TcpAddress): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Digits and points alone are meant as an IPv4 address, so they must be one. */
function isHost(host: string): boolean {
  return /^[\d.]+$/.test(host) ? isIPv4(host) : HOST_NAME.test(host);
}
