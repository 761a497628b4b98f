/**
 * Owns the shape of what the API tells of ring and perf buffers: each number with how good it is. In: nothing. Out: valibot schemas and their
 * types, which schemas.ts builds its answers with.
 * @module
 */
import * as v from "valibot";
import {
  Bytes,
  Count,
  described,
  Id,
  Text,
  Time,
  U64,
} from "./schema_parts.ts";

const Quality = v.picklist([
  "exact",
  "estimated",
  "lower bound",
  "unavailable",
]);

const quality = {
  quality: Quality,
  reason: v.optional(described(Text, "where it is not exact")),
};

const Counter = v.strictObject({
  value: v.optional(described(U64, "absent where it is unavailable")),
  ...quality,
});
const Gauge = v.strictObject({
  value: v.optional(described(Bytes, "absent where it is unavailable")),
  ...quality,
});
const Share = v.strictObject({
  value: v.optional(v.pipe(v.number(), v.minValue(0))),
  ...quality,
});

const Coverage = v.optional(
  described(
    v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    "share of the bytes written since the agent first saw it whose records were counted one by one; 1 only where every event since it was made was, and never again once some were estimated",
  ),
);
const Rate = v.optional(
  described(
    v.pipe(v.number(), v.minValue(0)),
    "over the last interval, as good as the events",
  ),
);

export const RingBufferObject = v.strictObject({
  map_id: Id,
  map_name: v.optional(Text),
  user: described(v.boolean(), "written by user space"),
  size_bytes: Bytes,
  coverage_ratio: Coverage,
  events_per_second: Rate,
  events: Counter,
  discarded_events: Counter,
  written_bytes: Counter,
  consumed_bytes: Counter,
  pending_bytes: Gauge,
  fill_ratio_max: described(Share, "highest seen in the last 60 s"),
  loss_episodes: described(Counter, "each at least one lost event"),
  lost_events: described(Counter, "one by one; needs --ring-losses on"),
});

export const PerfBufferObject = v.strictObject({
  map_id: Id,
  map_name: v.optional(Text),
  cpu: Count,
  pid: v.optional(described(Count, "of the process that opened it")),
  size_bytes: Bytes,
  memory_bytes: described(Bytes, "its control page included"),
  coverage_ratio: Coverage,
  events_per_second: Rate,
  events: Counter,
  lost_events: Counter,
  written_bytes: Counter,
  pending_bytes: Gauge,
});

const kind = {
  available: v.boolean(),
  quality: described(Quality, "of the events of its buffers, at worst"),
  reason: Text,
};

/** All buffers of the node. */
export const BuffersSummary = v.strictObject({
  taken_at: described(Time, "of the latest look"),
  ring: v.strictObject({ ...kind, buffers: v.array(RingBufferObject) }),
  perf: v.strictObject({ ...kind, buffers: v.array(PerfBufferObject) }),
});

export type RingBufferJson = v.InferOutput<typeof RingBufferObject>;
export type PerfBufferJson = v.InferOutput<typeof PerfBufferObject>;
export type BuffersJson = v.InferOutput<typeof BuffersSummary>;
