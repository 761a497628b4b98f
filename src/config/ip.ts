/**
 * Owns what an IP address looks like. In: text. Out: whether it is one, as node:net tells, which takes 20 ms to load.
 * @module
 */

/** Without leading zeros, which some read as octal. */
const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
/** An address, and the zone in which it is meant. */
const WITH_ZONE = /^([\da-f:.]+)(?:%[\da-z.:-]+)?$/i;

export function isIPv4(text: string): boolean {
  return IPV4.test(text);
}

export function isIPv6(text: string): boolean {
  const [, address] = WITH_ZONE.exec(text) ?? [];
  return address !== undefined && URL.canParse(`http://[${address}]`);
}
