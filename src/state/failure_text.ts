/**
 * Owns how a table's failure is told. In: the failure. Out: a phrase, to follow "Cannot sample maps: ".
 * @module
 */
import type { TableFailure } from "../../workers/protocol.ts";

/** As `BPF_MAP_GET_NEXT_ID failed: EPERM`. */
export function failureText({ call, errno, reason }: TableFailure): string {
  return reason ?? `${call} failed: ${errno}`;
}
