/**
 * Owns the question whether losses of ring buffers can be counted one by one here. In: a port. Out: why not, where it is known that
 * they cannot.
 * @module
 */
import { type KernelPort, readText } from "../../ffi/mod.ts";
import { isSince } from "./since.ts";

/** Kernels that were tried from here on refuse, before the first they have no cookies; between them those that were tried allow it. */
export function whyNoRingLosses(kernel: KernelPort): string | undefined {
  const release = readText(kernel, "/proc/sys/kernel/osrelease")?.trim() ?? "";
  return isSince(release, "5.16") && !isSince(release, "6.13")
    ? undefined
    : `Linux ${release} lets nothing be attached to ring buffers, or has no cookies`;
}
