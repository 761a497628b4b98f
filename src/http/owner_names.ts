/**
 * Owns how people are told where a process runs, and whose objects are that have no owner. In: an owner. Out: short text.
 * @module
 */
import type { Nobody } from "../state/owner_groups.ts";
import type { Owner } from "../state/ownership.ts";

const SHORT_ID_DIGITS = 12;

export const NOBODY: Readonly<Record<Nobody, string>> = {
  pinned: "(pinned)",
  orphan: "(orphans)",
  kernel: "(the kernel)",
  unknown: "(not known)",
};

/** The container and its pod, else the unit; empty where neither is known. A container's id is cut as runtimes cut it. */
export function ownerPlace({ containerId, podUid, unit }: Owner): string {
  if (containerId !== "") {
    const id = /^[0-9a-f]{64}$/.test(containerId)
      ? containerId.slice(0, SHORT_ID_DIGITS)
      : containerId;
    return podUid === "" ? `container ${id}` : `pod ${podUid}, container ${id}`;
  }
  return podUid === "" ? unit : `pod ${podUid}`;
}
