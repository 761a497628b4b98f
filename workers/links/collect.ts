/**
 * Owns how links are sampled. In: a port and the worker's Init. Out: the links collector.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import { backedTable, collectorOf, iteratorsFor } from "../backend.ts";
import type { Collector } from "../collector.ts";
import type { CollectInit } from "../protocol.ts";
import { Rows } from "../rows.ts";
import { iterateLinks } from "./iterate.ts";
import { LINK_COLUMNS } from "./model.ts";
import { LINK_WALK_WORDS, walkLinks } from "./walk.ts";

/** The collector of the links worker: one table, of links. */
export function collectLinks(kernel: KernelPort, init: CollectInit): Collector {
  const leaveOut = init.leaveOut.link;
  const ownPrograms = (init.operations?.programs.ids ?? []).filter((id) =>
    init.leaveOut.program.includes(id)
  );
  const rows = new Rows("link", LINK_WALK_WORDS, LINK_COLUMNS);
  return collectorOf(backedTable(
    kernel,
    {
      rows,
      walkWords: LINK_WALK_WORDS,
      walk: walkLinks(kernel, leaveOut, rows),
      iterate: (iterators) =>
        iterateLinks(kernel, iterators, leaveOut, rows, ownPrograms),
    },
    ...iteratorsFor("link", init),
  ));
}
