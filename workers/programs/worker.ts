/**
 * The thread of the programs worker.
 * @module
 */
import { earliestOf } from "../earliest_aside.ts";
import { serveCollector } from "../runtime.ts";
import { collectPrograms } from "./collect.ts";
import { collectOperations } from "./operations.ts";
import { collectRunStats } from "./run_stats_windows.ts";

serveCollector(
  collectPrograms,
  (kernel, init, collector) =>
    earliestOf([
      collectRunStats(kernel, init, collector),
      collectOperations(kernel, init),
    ]),
);
