/**
 * Owns which capabilities the calling thread holds. In: a port. Out: names. Source: include/uapi/linux/capability.h.
 * @module
 */
import type { KernelPort } from "./port.ts";
import { readText } from "./procfs.ts";

/** The capabilities that decide what the agent can see, with their bit. */
const CAPABILITY_BITS = {
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

export type Capability = keyof typeof CAPABILITY_BITS;

/** Those of the above in this thread's effective set; none where the kernel does not tell. */
export function effectiveCapabilities(kernel: KernelPort): Set<Capability> {
  const status = readText(kernel, "/proc/thread-self/status");
  const match = status?.match(/^CapEff:\s*([0-9a-f]+)$/m);
  const set = BigInt(`0x${match?.[1] ?? "0"}`);
  const names = Object.keys(CAPABILITY_BITS) as Capability[];
  return new Set(
    names.filter((name) => (set >> BigInt(CAPABILITY_BITS[name])) & 1n),
  );
}
