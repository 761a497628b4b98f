/**
 * Owns which capability is kept once everything else is given up, and why. In: what must be done later, what this kernel asks for. Out:
 * plain data.
 * @module
 */
import {
  type Capability,
  createIterator,
  EPERM,
  type KernelPort,
  type OpenIterator,
} from "../ffi/mod.ts";
import type { KeptCapability, Unprivileged } from "./privileges.ts";

const WINDOWED_STATS =
  "run-time statistics are kept in windows, and BPF_ENABLE_STATS asks for it each time";

/** Nothing where nothing needs it. */
export function whatIsKept(
  { walking, creating, attaching, switching, capabilities }: {
    /** Why ids must be listed; undefined where they need not be. */
    walking: string | undefined;
    creating: boolean;
    /** Programs must be attached later. */
    attaching: boolean;
    /** Run-time statistics are turned on later, again and again. */
    switching: boolean;
    capabilities: ReadonlySet<Capability>;
  },
): KeptCapability[] {
  // It does for whatever CAP_BPF would be kept for.
  if (walking !== undefined || switching) {
    const why = [
      ...(walking === undefined ? [] : [walking]),
      ...(switching ? [WINDOWED_STATS] : []),
    ].join("; ");
    return [{ capability: "CAP_SYS_ADMIN", why }];
  }
  if (!creating && !attaching) return [];
  const why = creating
    ? "no iterator could be pinned, and this kernel asks for it at BPF_ITER_CREATE"
    : "operations are counted in windows, and this kernel asks for it at BPF_RAW_TRACEPOINT_OPEN";
  return capabilities.has("CAP_BPF")
    ? [{ capability: "CAP_BPF", why }]
    : [{ capability: "CAP_SYS_ADMIN", why }];
}

/** Whether some iterator can be read only by whoever holds a capability: one without a pin, on kernels before 6.1. */
export function needsCreating(
  kernel: KernelPort,
  open: readonly OpenIterator[],
  unprivileged: Unprivileged,
): boolean {
  const bare = open.find(({ pinFd }) => pinFd === undefined);
  if (bare === undefined) return false;
  const fd = unprivileged(() => createIterator(kernel, bare.linkFd));
  if (fd >= 0) kernel.close(fd);
  return fd === -EPERM;
}
