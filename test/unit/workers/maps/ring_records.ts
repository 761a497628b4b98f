/** Owns records of the ring program as tests make them up. In: what differs from a quiet ring. Out: words. @module */
import { RING_RECORD, RING_RECORD_BYTES } from "../../../../ffi/mod.ts";

export type RingRecord = Partial<Record<keyof typeof RING_RECORD, number>>;

const NARROW: ReadonlySet<string> = new Set(["id", "type", "flags", "steps"]);
export const RINGBUF = 27;
export const USER_RINGBUF = 31;

/** One record after the other. */
export function ringRecords(
  ...records: readonly RingRecord[]
): Uint32Array<ArrayBuffer> {
  const view = new DataView(
    new ArrayBuffer(records.length * RING_RECORD_BYTES),
  );
  records.forEach((record, i) => {
    const whole: RingRecord = {
      id: 5,
      type: RINGBUF,
      cookie: 77,
      sizeBytes: 4096,
      firstSeenNs: 1_000,
      // There is no loss probe.
      lost: -1,
      unplaced: -1,
      // A walk that is at the end of what was written.
      walkPos: record.producerPos ?? 0,
      walkedBytes: record.producerPos ?? 0,
      ...record,
    };
    for (const [name, value] of Object.entries(whole)) {
      const at = i * RING_RECORD_BYTES +
        RING_RECORD[name as keyof typeof RING_RECORD];
      if (NARROW.has(name)) view.setUint32(at, value, true);
      else view.setBigUint64(at, BigInt(value), true);
    }
  });
  return new Uint32Array(view.buffer);
}
