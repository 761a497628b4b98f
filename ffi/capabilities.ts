/**
 * Owns which capabilities the calling thread holds. In: a port. Out: names. Source: include/uapi/linux/capability.h.
 * @module
 */
import type { KernelPort } from "./port.ts";
import { readText } from "./procfs.ts";

/** The capabilities that decide what the agent can see and where it can listen, with their bit. */
export const CAPABILITY_BITS = {
  CAP_NET_BIND_SERVICE: 10,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

/** Every capability of 6.18, by its bit. */
const CAPABILITY_NAMES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_LINUX_IMMUTABLE",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_BROADCAST",
  "CAP_NET_ADMIN",
  "CAP_NET_RAW",
  "CAP_IPC_LOCK",
  "CAP_IPC_OWNER",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
  "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE",
  "CAP_SYS_PACCT",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_NICE",
  "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_MKNOD",
  "CAP_LEASE",
  "CAP_AUDIT_WRITE",
  "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP",
  "CAP_MAC_OVERRIDE",
  "CAP_MAC_ADMIN",
  "CAP_SYSLOG",
  "CAP_WAKE_ALARM",
  "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ",
  "CAP_PERFMON",
  "CAP_BPF",
  "CAP_CHECKPOINT_RESTORE",
] as const;

export type Capability = keyof typeof CAPABILITY_BITS;

/** Those of Capability in this thread's effective set; none where the kernel does not tell. */
export function effectiveCapabilities(kernel: KernelPort): Set<Capability> {
  const set = effectiveSet(kernel);
  const names = Object.keys(CAPABILITY_BITS) as Capability[];
  return new Set(
    names.filter((name) => (set >> BigInt(CAPABILITY_BITS[name])) & 1n),
  );
}

/** All in this thread's effective set, by ascending bit; one newer than the names here is `CAP_<bit>`. */
export function heldCapabilities(kernel: KernelPort): string[] {
  const held: string[] = [];
  let bit = 0;
  for (let set = effectiveSet(kernel); set !== 0n; set >>= 1n, bit++) {
    if (set & 1n) held.push(CAPABILITY_NAMES[bit] ?? `CAP_${bit}`);
  }
  return held;
}

function effectiveSet(kernel: KernelPort): bigint {
  const status = readText(kernel, "/proc/thread-self/status");
  const match = status?.match(/^CapEff:\s*([0-9a-f]+)$/m);
  return BigInt(`0x${match?.[1] ?? "0"}`);
}
