/**
 * Owns the question how new a kernel is, for tests that expect a field or an object where, and only where, its `since` says so.
 * In: a release as /proc/sys/kernel/osrelease has it, and a version as `5.16`. Out: whether that kernel has it.
 * @module
 */
import { type KernelPort, readText } from "../../ffi/mod.ts";

/** Whether a release as `6.1.0-50-cloud-amd64` is of `version` or later. */
export function isSince(release: string, version: string): boolean {
  const [major, minor] = release.split(".").map((part) => parseInt(part, 10));
  const [wantedMajor, wantedMinor] = version.split(".").map(Number);
  return major > wantedMajor ||
    (major === wantedMajor && minor >= wantedMinor);
}

/** Whether the kernel behind `port` is of `version` or later; one that tells no release, as the fake, is of 6.18. */
export function hasSince(port: KernelPort, version: string): boolean {
  const release = readText(port, "/proc/sys/kernel/osrelease") ?? "6.18.0";
  return isSince(release, version);
}
