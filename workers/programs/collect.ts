/**
 * Owns how programs and BTF objects are sampled. In: a port and the worker's Init. Out: the programs collector.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import { backedTable, collectorOf, iteratorsFor } from "../backend.ts";
import type { Collector } from "../collector.ts";
import type { CollectInit } from "../protocol.ts";
import { Rows } from "../rows.ts";
import { collectBtf } from "./btf.ts";
import { loadsOf } from "./loads.ts";
import { iteratePrograms } from "./iterate.ts";
import { PROGRAM_COLUMNS } from "./model.ts";
import { PROGRAM_WALK_WORDS, walkPrograms } from "./walk.ts";

/** The collector of the programs worker: two tables, of programs and of BTF objects. */
export function collectPrograms(
  kernel: KernelPort,
  init: CollectInit,
): Collector {
  const leaveOut = init.leaveOut.program;
  const memory = init.iterators?.memory;
  const pageBytes = typeof memory === "object"
    ? memory.terms.pageBytes
    : undefined;
  const rows = new Rows("program", PROGRAM_WALK_WORDS, PROGRAM_COLUMNS);
  return collectorOf(
    backedTable(
      kernel,
      {
        rows,
        walkWords: PROGRAM_WALK_WORDS,
        walk: walkPrograms(kernel, leaveOut, rows, init.iterators?.mayWalk),
        iterate: (pair) =>
          iteratePrograms(kernel, pair, leaveOut, rows, pageBytes),
      },
      ...iteratorsFor("program", init),
    ),
    [collectBtf(kernel, init, () => rows.revision)],
    loadsOf(kernel, init),
  );
}
