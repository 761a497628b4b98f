/**
 * Owns how a map is read by the iterators. In: records of ffi/iter/map_table.ts, and what its memory is reckoned by. Out: descriptions
 * equal to the walk's, but for a map that a device holds: no program tells which one.
 * @module
 */
import {
  type Field,
  type KernelPort,
  MAP_BIRTH,
  MAP_HEAD_BYTES,
  MAP_INFO,
  MAP_LIVE,
} from "../../ffi/sampling.ts";
import { IteratorPass, type TableIterators } from "../iterate.ts";
import { recordInfo } from "../record_info.ts";
import type { Rows } from "../rows.ts";
import type { MapMemory } from "./memory_of.ts";
import { describeMap } from "./walk.ts";

/** Samples maps by iterators. Needs nothing once they are open (on 5.10 CAP_BPF). Since 5.8. */
export function iterateMaps(
  kernel: KernelPort,
  iterators: TableIterators,
  leaveOut: readonly number[],
  rows: Rows<"map">,
  memory?: MapMemory,
): IteratorPass<"map"> {
  const { tick, birth } = iterators;
  const info = recordInfo(MAP_BIRTH, birth, MAP_HEAD_BYTES);
  const isCounted = tick.fields.some((name) =>
    name.startsWith(`${MAP_LIVE.prefix}.`)
  );
  return new IteratorPass(kernel, rows, iterators, leaveOut, {
    headWords: mapHeadWords(iterators),
    counters: [isCounted ? MAP_LIVE.offset / 4 : -1],
    describe(id, record) {
      const read = info(record);
      const map = describeMap(
        id,
        <T>(field: Field<T>) =>
          // The walk says 0 for a map that no device holds, and so does its identity.
          field.offset === MAP_INFO.ifindex.offset
            ? field.get(record, MAP_HEAD_BYTES + field.offset)
            : read(field),
      );
      const memlock = memory?.of(map, record);
      return memlock === undefined ? map : { ...map, memlock };
    },
    calls: () => memory?.calls ?? 0,
  });
}

/** 32-bit words of a record that are a map's id and identity: with its cookie, or with what stands in for it. */
export function mapHeadWords({ tick }: TableIterators): number {
  return (tick.fields.includes("cookie") ? MAP_LIVE.offset : MAP_HEAD_BYTES) /
    4;
}
