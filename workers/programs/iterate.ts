/**
 * Owns how a program is read by the iterators. In: records of ffi/iter/program_table.ts. Out: rows and descriptions equal to the
 * walk's, but for whole names of more than 230 bytes: there is no room for them.
 * @module
 */
import {
  FULL_NAME,
  type KernelPort,
  PROGRAM_BIRTH,
  PROGRAM_HEAD_BYTES,
  PROGRAM_PAGES,
  PROGRAM_TICK,
  textAt,
} from "../../ffi/sampling.ts";
import { IteratorPass, type TableIterators } from "../iterate.ts";
import { recordInfo } from "../record_info.ts";
import type { Rows } from "../rows.ts";
import { PROGRAM_COLUMNS } from "./model.ts";
import { describeProgram } from "./walk.ts";

/** Fields of the tick record, in the order of the columns. */
const COUNTERS: Readonly<Record<typeof PROGRAM_COLUMNS[number], string>> = {
  runTimeNs: "run_time_ns",
  runCount: "run_cnt",
  recursionMisses: "recursion_misses",
};

/** Samples programs by iterators. Needs nothing once they are open (on 5.10 CAP_BPF). Since 5.8. */
export function iteratePrograms(
  kernel: KernelPort,
  iterators: TableIterators,
  leaveOut: readonly number[],
  rows: Rows<"program">,
  pageBytes?: number,
): IteratorPass<"program"> {
  const info = recordInfo(PROGRAM_BIRTH, iterators.birth, PROGRAM_HEAD_BYTES);
  const written = new Set(iterators.tick.fields);
  const words = PROGRAM_COLUMNS.map((column) => {
    const field = PROGRAM_TICK.fields.find(({ name }) =>
      name === COUNTERS[column] && written.has(name)
    );
    return field === undefined ? -1 : field.offset / 4;
  });
  const hasPages = iterators.birth.fields.includes(PROGRAM_PAGES.name);
  const isNamed = iterators.birth.fields.includes("full_name");
  return new IteratorPass(kernel, rows, iterators, leaveOut, {
    headWords: PROGRAM_HEAD_BYTES / 4,
    counters: words,
    describe(id, record) {
      const read = info(record);
      const name = isNamed
        ? textAt(record, FULL_NAME.offset, FULL_NAME.size)
        : "";
      const isWhole = name.length < FULL_NAME.size - 1;
      const pages = hasPages && pageBytes !== undefined
        ? record.getUint16(PROGRAM_PAGES.offset, true)
        : 0;
      return describeProgram(
        id,
        (isWhole && name) || undefined,
        read,
        // Every program has a page.
        pages === 0 ? undefined : pages * (pageBytes ?? NaN),
      );
    },
  });
}
