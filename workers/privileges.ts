/**
 * Owns what the agent's privileges give, which of them it must keep to do what it was asked for, and what would give more. In: a
 * port, and what was opened. Out: plain values for /readyz, `check` and a metric.
 * @module
 */
import {
  type Capability,
  EPERM,
  heldCapabilities,
  type KernelPort,
  nextObjectId,
} from "../ffi/process.ts";

/** A capability that the process lacks, and what would change that. */
export interface MissingCapability {
  /** As `CAP_SYS_ADMIN`. */
  readonly capability: string;
  /** What the agent would show with it, as part of a sentence. */
  readonly gives: string;
  /** The one command or setting that gives it. */
  readonly how: string;
}

/** Runs a probe while the calling thread has no capability in force. */
export type Unprivileged = <T>(probe: () => T) => T;

/** A capability that the agent goes on with. */
export interface KeptCapability {
  readonly capability: Capability;
  /** What needs it, as a part of a sentence. */
  readonly why: string;
}

/** What the process that samples and serves may do. */
export interface PrivilegeFacts {
  /** Everything else was given up, for good. */
  readonly dropped: boolean;
  /** In the effective set of every thread, by the names of linux/capability.h. */
  readonly held: readonly {
    readonly capability: string;
    readonly why: string;
  }[];
}

/** What threads hold that start from here on. @param dropped as in PrivilegeFacts @param kept why some are there still */
export function privilegesNow(
  kernel: KernelPort,
  dropped: boolean,
  kept: readonly KeptCapability[],
): PrivilegeFacts {
  const otherwise = dropped ? "it could not be given up" : "--keep-privileges";
  return {
    dropped,
    held: heldCapabilities(kernel).map((capability) => ({
      capability,
      why: kept.find((one) => one.capability === capability)?.why ?? otherwise,
    })),
  };
}

/** Whether the kernel lets this process list objects by id. In a user namespace of its own a capability does not count. */
export function mayWalkIds(kernel: KernelPort): boolean {
  return nextObjectId(kernel, "program", 0) !== -EPERM;
}

/** @param iterated whether objects are read without listing ids @param walks whether ids may be listed */
export function whatIsMissing(
  capabilities: ReadonlySet<Capability>,
  iterated: boolean,
  walks: boolean,
): MissingCapability[] {
  if (walks) return [];
  const missing = {
    capability: "CAP_SYS_ADMIN",
    gives: iterated
      ? "run-time statistics, and BTF objects that no program or map refers to"
      : "every map, program, link and BTF object, and run-time statistics",
  };
  return [{
    ...missing,
    how: capabilities.has("CAP_SYS_ADMIN")
      ? "the kernel refuses the one that it has: start bpfpulse in the initial user namespace (no rootless container), and without a seccomp or LSM policy against bpf()"
      : "start bpfpulse as root, or with AmbientCapabilities=CAP_SYS_ADMIN in its systemd unit; it gives it up once everything is open",
  }];
}
