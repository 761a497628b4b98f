/**
 * Owns how ring and perf buffers become JSON. In: one instant of the node. Out: plain values as buffer_schemas.ts has them; what is not
 * known is left out.
 * @module
 */
import {
  bufferKinds,
  buffersOf,
  type PerfBuffer,
  type Reading,
  type RingBuffer,
} from "../../state/buffer_readings.ts";
import type { NodeSnapshot } from "../../state/node_state.ts";
import type {
  BuffersJson,
  PerfBufferJson,
  RingBufferJson,
} from "./buffer_schemas.ts";
import type { Loose } from "./owned.ts";
import type { Revisions } from "./revisions.ts";
import { digits, nameOf } from "./rows.ts";

/** All buffers of the node; undefined before anybody looked. */
export function buffersJson(
  snapshot: NodeSnapshot,
  revisions: Revisions,
): object | undefined {
  const kinds = bufferKinds(snapshot);
  if (kinds === undefined || snapshot.buffers === undefined) return undefined;
  const { rings, perf } = buffersOf(snapshot);
  return {
    taken_at: revisions.wallTime(snapshot.buffers.takenAtMs),
    ring: { ...kinds.ring, buffers: rings.map(ringJson) },
    perf: { ...kinds.perf, buffers: perf.map(perfJson) },
  } satisfies Loose<Record<keyof BuffersJson, unknown>>;
}

/** Those of the map in row `mapRow`; nothing where it has none. */
export function buffersOfMapJson(
  snapshot: NodeSnapshot,
  mapRow: number,
): {
  ring_buffer?: Loose<RingBufferJson>;
  perf_buffers?: Loose<PerfBufferJson>[];
} {
  const { rings, perf } = buffersOf(snapshot);
  const ring = rings.find((one) => one.mapRow === mapRow);
  const ofMap = perf.filter((one) => one.mapRow === mapRow);
  return {
    ...(ring === undefined ? {} : { ring_buffer: ringJson(ring) }),
    ...(ofMap.length === 0 ? {} : { perf_buffers: ofMap.map(perfJson) }),
  };
}

function ringJson(ring: RingBuffer): Loose<RingBufferJson> {
  const { readings } = ring;
  return {
    ...commonJson(ring),
    user: ring.isUser,
    events: counter(readings.events),
    discarded_events: counter(readings.discards),
    written_bytes: counter(readings.writtenBytes),
    consumed_bytes: counter(readings.consumedBytes),
    pending_bytes: gauge(readings.pendingBytes),
    fill_ratio_max: gauge(readings.fillRatioMax),
    loss_episodes: counter(readings.lossEpisodes),
    lost_events: counter(readings.lostEvents),
  };
}

function perfJson(buffer: PerfBuffer): Loose<PerfBufferJson> {
  const { readings } = buffer;
  return {
    ...commonJson(buffer),
    cpu: buffer.cpu,
    pid: buffer.pid,
    memory_bytes: buffer.memoryBytes,
    events: counter(readings.events),
    lost_events: counter(readings.lostEvents),
    written_bytes: counter(readings.writtenBytes),
    pending_bytes: gauge(readings.pendingBytes),
  };
}

function commonJson(
  { map, sizeBytes, coverage, eventsPerSecond }: RingBuffer | PerfBuffer,
): Loose<
  Pick<
    RingBufferJson,
    | "map_id"
    | "map_name"
    | "size_bytes"
    | "coverage_ratio"
    | "events_per_second"
  >
> {
  return {
    map_id: map.id,
    map_name: nameOf(map.name),
    size_bytes: sizeBytes,
    coverage_ratio: orAbsent(coverage),
    events_per_second: orAbsent(eventsPerSecond),
  };
}

function counter(reading: Reading): RingBufferJson["events"] {
  const { quality, reason } = reading;
  const value = digits(reading.value);
  return {
    ...(value === undefined ? {} : { value }),
    quality,
    ...(reason === undefined ? {} : { reason }),
  };
}

function gauge(reading: Reading): RingBufferJson["pending_bytes"] {
  const { quality, reason } = reading;
  const value = orAbsent(reading.value);
  return {
    ...(value === undefined ? {} : { value }),
    quality,
    ...(reason === undefined ? {} : { reason }),
  };
}

function orAbsent(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
