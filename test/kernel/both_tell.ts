/**
 * Owns what of an object more than one source tells on an older kernel, whose iterators know more than its bpf() does. In: a
 * description. Out: the same without what only the iterators tell.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import { hasSince } from "./since.ts";

/** `bpf_link_info.perf_event` is there since 6.6. */
export function bothTell<T extends object>(
  kernel: KernelPort,
  description: T,
): T {
  const isEvent = "type" in description && description.type === "perf_event" &&
    "programId" in description;
  if (!isEvent || hasSince(kernel, "6.6")) return description;
  const { target: _, ...rest } = description as T & { target?: unknown };
  return rest as T;
}
