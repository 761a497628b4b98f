/**
 * Owns records as the perf buffers' program writes them. In: what a test says of each. Out: words.
 * @module
 */
import { PERF_RECORD } from "../../../../ffi/mod.ts";

export type PerfRecord = Partial<
  Record<Exclude<keyof typeof PERF_RECORD, "size">, number>
>;

const USUAL: PerfRecord = { mapId: 7, eventId: 40, pages: 8, generation: 1 };
const NARROW: readonly string[] = [
  "mapId",
  "index",
  "pages",
  "flags",
  "pid",
  "generation",
];

export function perfRecords(
  ...records: readonly PerfRecord[]
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(records.length * PERF_RECORD.size / 4);
  records.forEach((record, i) => {
    for (const [name, value] of Object.entries({ ...USUAL, ...record })) {
      const at = (i * PERF_RECORD.size + PERF_RECORD[name as "head"]) / 4;
      words[at] = value % 2 ** 32;
      if (!NARROW.includes(name)) words[at + 1] = Math.floor(value / 2 ** 32);
    }
  });
  return words;
}
