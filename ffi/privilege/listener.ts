/**
 * Owns sockets that listen before the agent gives up the right to bind them. In: an address. Out: a descriptor. Host names are
 * not looked up here. Source: include/uapi/linux/in.h, in6.h, un.h.
 * @module
 */
import { EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL, ENAMETOOLONG } from "../errno.ts";
import type { ProcessControl } from "./control.ts";

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** SOCK_STREAM, SOCK_CLOEXEC and SOCK_NONBLOCK: whoever accepts waits in an event loop. */
const LISTENER = 1 | 0o2000000 | 0o4000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
/** sun_path without its NUL. */
const UNIX_PATH_BYTES = 107;

/**
 * @param host an IPv4 or IPv6 literal, or "" for all addresses of both, of IPv4 where the machine has no other
 * @returns a listening socket, closed by execve(2), or -errno; -EINVAL for what is no literal
 */
export function bindTcp(
  control: ProcessControl,
  host: string,
  port: number,
  backlog: number,
): number {
  if (host === "") {
    const address = addressOf("::", port);
    const fd = listenAt(control, AF_INET6, address, backlog, true);
    return fd === -EAFNOSUPPORT || fd === -EADDRNOTAVAIL
      ? bindTcp(control, "0.0.0.0", port, backlog)
      : fd;
  }
  const address = addressOf(host, port);
  if (address.length === 0) return -EINVAL;
  return listenAt(control, address[0], address, backlog, false);
}

/** @returns a listening socket, closed by execve(2), or -errno: -EADDRINUSE where the path exists, whoever made it */
export function bindUnix(
  control: ProcessControl,
  path: string,
  backlog: number,
): number {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length === 0 || bytes.includes(0)) return -EINVAL;
  if (bytes.length > UNIX_PATH_BYTES) return -ENAMETOOLONG;
  const address = new Uint8Array(2 + bytes.length + 1);
  address[0] = AF_UNIX;
  address.set(bytes, 2);
  return listenAt(control, AF_UNIX, address, backlog, false);
}

function listenAt(
  control: ProcessControl,
  family: number,
  address: Uint8Array<ArrayBuffer>,
  backlog: number,
  dualStack: boolean,
): number {
  const fd = control.socket(family, LISTENER);
  if (fd < 0) return fd;
  let result = family === AF_UNIX
    ? 0
    : control.setSocketOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (result >= 0 && dualStack) {
    result = control.setSocketOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (result >= 0) result = control.bind(fd, address);
  if (result >= 0) result = control.listen(fd, backlog);
  if (result >= 0) return fd;
  control.close(fd);
  return result;
}

/** `struct sockaddr_in` or `struct sockaddr_in6`; empty where `host` is no literal. */
function addressOf(host: string, port: number): Uint8Array<ArrayBuffer> {
  const ipv4 = ipv4Bytes(host);
  const ip = ipv4 ?? ipv6Bytes(host);
  if (ip === undefined) return new Uint8Array();
  const address = new Uint8Array(ipv4 ? 16 : 28);
  const view = new DataView(address.buffer);
  view.setUint16(0, ipv4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  address.set(ip, ipv4 ? 4 : 8);
  return address;
}

function ipv4Bytes(host: string): number[] | undefined {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(host)) return undefined;
  const bytes = host.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function ipv6Bytes(host: string): number[] | undefined {
  if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(host)) return undefined;
  const url = URL.parse(`http://[${host}]/`);
  if (url === null) return undefined;
  // In the shortest form now, without an IPv4 part: at most one gap of zeros.
  const [head, tail] = url.hostname.slice(1, -1).split("::").map((half) =>
    half.split(":").filter((group) => group !== "").map((group) =>
      parseInt(group, 16)
    )
  );
  const gap = tail ? 8 - head.length - tail.length : 0;
  return [...head, ...Array(gap).fill(0), ...(tail ?? [])]
    .flatMap((group: number) => [group >> 8, group & 255]);
}
