/**
 * Owns the choice of how programs and BTF objects are sampled. In: a port and the worker's Init. Out: the programs collector.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import type { Collector } from "../collector.ts";
import type { Init } from "../protocol.ts";
import { walkBtfObjects, walkPrograms } from "./walk.ts";

/** The collector of the programs worker: two tables, of programs and of BTF objects. */
export function collectPrograms(
  kernel: KernelPort,
  init: Pick<Init, "leaveOut">,
): Collector {
  return {
    backend: "walk",
    backendReason: "the walk over ids is the only backend of this version",
    tables: [
      walkPrograms(kernel, init.leaveOut.program),
      walkBtfObjects(kernel, init.leaveOut.btf),
    ],
  };
}
