/**
 * Owns the choice of how links are sampled. In: a port and the worker's Init. Out: the links collector.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import type { Collector } from "../collector.ts";
import type { Init } from "../protocol.ts";
import { walkLinks } from "./walk.ts";

/** The collector of the links worker: one table, of links. */
export function collectLinks(
  kernel: KernelPort,
  init: Pick<Init, "leaveOut">,
): Collector {
  return {
    backend: "walk",
    backendReason: "the walk over ids is the only backend of this version",
    tables: [walkLinks(kernel, init.leaveOut.link)],
  };
}
