/**
 * Owns how a map is read by the iterators. In: records of ffi/iter/map_table.ts. Out: descriptions equal to the walk's, but for a map
 * that a device holds: no program tells which one.
 * @module
 */
import {
  type Field,
  type KernelPort,
  MAP_BIRTH,
  MAP_HEAD_BYTES,
  MAP_INFO,
} from "../../ffi/mod.ts";
import { IteratorPass, type TableIterators } from "../iterate.ts";
import { recordInfo } from "../record_info.ts";
import type { Rows } from "../rows.ts";
import { describeMap } from "./walk.ts";

/** Samples maps by iterators. Needs nothing once they are open (on 5.10 CAP_BPF). Since 5.8. */
export function iterateMaps(
  kernel: KernelPort,
  iterators: TableIterators,
  leaveOut: readonly number[],
  rows: Rows<"map">,
): IteratorPass<"map"> {
  const info = recordInfo(MAP_BIRTH, iterators.birth, MAP_HEAD_BYTES);
  return new IteratorPass(kernel, rows, iterators, leaveOut, {
    headWords: iterators.tick.recordBytes / 4,
    counters: [],
    describe(id, record) {
      const read = info(record);
      return describeMap(
        id,
        <T>(field: Field<T>) =>
          // The walk says 0 for a map that no device holds, and so does its identity.
          field.offset === MAP_INFO.ifindex.offset
            ? field.get(record, MAP_HEAD_BYTES + field.offset)
            : read(field),
      );
    },
  });
}
