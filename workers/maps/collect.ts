/**
 * Owns how maps are sampled. In: a port and the worker's Init. Out: the maps collector.
 * @module
 */
import { type KernelPort, MAP_TYPES } from "../../ffi/sampling.ts";
import { backedTable, collectorOf, iteratorsFor } from "../backend.ts";
import type { Collector } from "../collector.ts";
import type { CollectInit } from "../protocol.ts";
import { Rows } from "../rows.ts";
import { type BufferKind, watchBuffers } from "./buffers.ts";
import { iterateMaps } from "./iterate.ts";
import { MapMemory } from "./memory_of.ts";
import { PerfCollector } from "./perf_buffers.ts";
import { MAP_COLUMNS } from "./model.ts";
import { RingCollector } from "./rings.ts";
import { MAP_WALK_WORDS, walkMaps } from "./walk.ts";

/** Of the identity of both backends. */
const TYPE_WORD = 0;
const BUFFER_TYPES: Readonly<Record<BufferKind, readonly number[]>> = {
  rings: [MAP_TYPES.indexOf("ringbuf"), MAP_TYPES.indexOf("user_ringbuf")],
  perf: [MAP_TYPES.indexOf("perf_event_array")],
};

/** The collector of the maps worker: one table, of maps; and what is known of buffers beside it. */
export function collectMaps(kernel: KernelPort, init: CollectInit): Collector {
  const leaveOut = init.leaveOut.map;
  const rows = new Rows("map", MAP_WALK_WORDS, MAP_COLUMNS);
  const { iterators } = init;
  const collector = collectorOf(backedTable(
    kernel,
    {
      rows,
      walkWords: MAP_WALK_WORDS,
      walk: walkMaps(kernel, leaveOut, rows, iterators?.mayWalk),
      iterate: (pair) =>
        iterateMaps(
          kernel,
          pair,
          leaveOut,
          rows,
          iterators &&
            new MapMemory(
              kernel,
              iterators.memory,
              pair.birth,
              iterators.mayWalk,
            ),
        ),
    },
    ...iteratorsFor("map", init),
  ));
  const buffers = watchBuffers(
    kernel,
    {
      rings: ringsOf(kernel, init, rollOfRings(rows)),
      perf: perfOf(kernel, init),
    },
    (kind) => rows.some(TYPE_WORD, BUFFER_TYPES[kind]),
    iterators?.ringLosses,
  );
  return Object.assign(collector, { buffers });
}

function ringsOf(
  kernel: KernelPort,
  { iterators }: CollectInit,
  roll: () => number,
): RingCollector | string {
  const rings = iterators?.rings ?? "no iterators were opened";
  return typeof rings === "string"
    ? rings
    : new RingCollector(kernel, rings, { roll });
}

/** Of the last tick. Asked at each look, so it counts only where that tick saw any map come or go. */
function rollOfRings(rows: Rows<"map">): () => number {
  let revision = NaN;
  let roll = 0;
  return () => {
    if (rows.revision !== revision) {
      revision = rows.revision;
      roll = rows.rollOf(TYPE_WORD, BUFFER_TYPES.rings);
    }
    return roll;
  };
}

function perfOf(
  kernel: KernelPort,
  { iterators }: CollectInit,
): PerfCollector | string {
  const perf = iterators?.perf ?? "no iterators were opened";
  return typeof perf === "string" ? perf : new PerfCollector(kernel, perf);
}
