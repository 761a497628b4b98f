/**
 * Owns the choice of how maps are sampled. In: a port and the worker's Init. Out: the maps collector.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import type { Collector } from "../collector.ts";
import type { Init } from "../protocol.ts";
import { walkMaps } from "./walk.ts";

/** The collector of the maps worker: one table, of maps. */
export function collectMaps(
  kernel: KernelPort,
  init: Pick<Init, "leaveOut">,
): Collector {
  return {
    backend: "walk",
    backendReason: "the walk over ids is the only backend of this version",
    tables: [walkMaps(kernel, init.leaveOut.map)],
  };
}
