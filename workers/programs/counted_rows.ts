/**
 * Owns what the counters of programs rose by between two samples of their table. In: the table's rows, at both. Out: the rows of those
 * that rose, matched by birth, so that a program which took over an id is none that was there before.
 * @module
 */
import type { RowColumns } from "../columns.ts";
import type { RunStatsPass } from "../run_stats_model.ts";
import { PROGRAM_COLUMNS } from "./model.ts";

const RUN_TIME_NS = PROGRAM_COLUMNS.indexOf("runTimeNs");
const RUN_COUNT = PROGRAM_COLUMNS.indexOf("runCount");

export type CountedPrograms = Pick<
  RunStatsPass,
  "ids" | "births" | "runTimeNs" | "runCounts"
>;

export class CountedRows {
  #count = 0;
  #ids = new Uint32Array(0);
  #births = new Uint32Array(0);
  #runTimeNs = new Float64Array(0);
  #runCounts = new Float64Array(0);

  /** Takes a copy of the rows that since() begins with. */
  keep({ count, ids, births, columns }: RowColumns): void {
    if (this.#ids.length < count) {
      const room = Math.ceil(count * 1.5);
      this.#ids = new Uint32Array(room);
      this.#births = new Uint32Array(room);
      this.#runTimeNs = new Float64Array(room);
      this.#runCounts = new Float64Array(room);
    }
    this.#ids.set(ids.subarray(0, count));
    this.#births.set(births.subarray(0, count));
    this.#runTimeNs.set(columns[RUN_TIME_NS].subarray(0, count));
    this.#runCounts.set(columns[RUN_COUNT].subarray(0, count));
    this.#count = count;
  }

  /** Of the programs that were kept and are still there, those whose counters rose, or are not known. */
  since(rows: RowColumns): CountedPrograms {
    const told: CountedPrograms = programs(this.#walk(rows));
    this.#walk(rows, told);
    return told;
  }

  /** Both ascend by id. Answers how many there are. */
  #walk(
    { count, ids, births, columns }: RowColumns,
    into?: CountedPrograms,
  ): number {
    const runTimeNs = columns[RUN_TIME_NS];
    const runCounts = columns[RUN_COUNT];
    let found = 0;
    let kept = 0;
    for (let row = 0; row < count; row++) {
      while (kept < this.#count && this.#ids[kept] < ids[row]) kept++;
      if (kept === this.#count) break;
      if (
        this.#ids[kept] !== ids[row] || this.#births[kept] !== births[row]
      ) continue;
      const risen = runCounts[row] - this.#runCounts[kept];
      if (risen === 0) continue;
      if (into !== undefined) {
        into.ids[found] = ids[row];
        into.births[found] = births[row];
        // Sums over CPUs are not read at one instant.
        into.runCounts[found] = Math.max(0, risen);
        into.runTimeNs[found] = Math.max(
          0,
          runTimeNs[row] - this.#runTimeNs[kept],
        );
      }
      found++;
    }
    return found;
  }
}

function programs(count: number): CountedPrograms {
  return {
    ids: new Uint32Array(count),
    births: new Uint32Array(count),
    runTimeNs: new Float64Array(count),
    runCounts: new Float64Array(count),
  };
}
