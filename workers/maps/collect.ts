/**
 * Owns how maps are sampled. In: a port and the worker's Init. Out: the maps collector.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import { backedTable, collectorOf, iteratorsFor } from "../backend.ts";
import type { Collector } from "../collector.ts";
import type { CollectInit } from "../protocol.ts";
import { Rows } from "../rows.ts";
import { iterateMaps } from "./iterate.ts";
import { MAP_COLUMNS } from "./model.ts";
import { MAP_WALK_WORDS, walkMaps } from "./walk.ts";

/** The collector of the maps worker: one table, of maps. */
export function collectMaps(kernel: KernelPort, init: CollectInit): Collector {
  const leaveOut = init.leaveOut.map;
  const rows = new Rows("map", MAP_WALK_WORDS, MAP_COLUMNS);
  return collectorOf(backedTable(
    kernel,
    {
      rows,
      walkWords: MAP_WALK_WORDS,
      walk: walkMaps(kernel, leaveOut, rows),
      iterate: (iterators) => iterateMaps(kernel, iterators, leaveOut, rows),
    },
    ...iteratorsFor("map", init),
  ));
}
