/**
 * Owns how buffers are shown to people: one row for each map, the perf buffers of all CPUs together, those that matter most first. In: one
 * instant of the node. Out: rows; NaN is absent.
 * @module
 */
import type { MapDescription } from "../../workers/maps/model.ts";
import {
  type BufferQuality,
  buffersOf,
  type PerfBuffer,
  type Reading,
  type RingBuffer,
} from "./buffer_readings.ts";
import type { NodeSnapshot } from "./node_state.ts";
import type { Owner } from "./ownership.ts";

export interface BufferGroup {
  readonly map: MapDescription;
  readonly owner?: Owner;
  readonly sizeBytes: number;
  readonly pendingBytes: number;
  /** Pending now, of the size; for perf buffers that of the fullest CPU. */
  readonly fillRatio: number;
  /** Highest seen in the last 60 s; NaN for perf buffers. */
  readonly fillRatioMax: number;
  readonly events: Reading;
  readonly eventsPerSecond: number;
  /** Events lost; for rings without the loss probe the times that a producer was seen to find no room. */
  readonly losses: Reading;
}

/** Those that lost most first, then by events. */
export function bufferGroups(snapshot: NodeSnapshot): BufferGroup[] {
  const { rings, perf } = buffersOf(snapshot);
  const byMap = Map.groupBy(perf, ({ mapRow }) => mapRow);
  const groups = [
    ...rings.map((ring) => ringGroup(ring, snapshot)),
    ...[...byMap.values()].map((buffers) => perfGroup(buffers, snapshot)),
  ];
  return groups.sort((a, b) =>
    orLeast(b.losses.value) - orLeast(a.losses.value) ||
    orLeast(b.events.value) - orLeast(a.events.value) ||
    a.map.id - b.map.id
  );
}

function ringGroup(ring: RingBuffer, snapshot: NodeSnapshot): BufferGroup {
  const { readings, sizeBytes } = ring;
  const pendingBytes = readings.pendingBytes.value;
  return {
    map: ring.map,
    ...ownerAt(snapshot, ring.mapRow),
    sizeBytes,
    pendingBytes,
    fillRatio: pendingBytes / sizeBytes,
    fillRatioMax: readings.fillRatioMax.value,
    events: readings.events,
    eventsPerSecond: ring.eventsPerSecond,
    losses: readings.lostEvents.quality === "unavailable"
      ? readings.lossEpisodes
      : readings.lostEvents,
  };
}

function perfGroup(
  buffers: readonly PerfBuffer[],
  snapshot: NodeSnapshot,
): BufferGroup {
  const [{ map, mapRow }] = buffers;
  return {
    map,
    ...ownerAt(snapshot, mapRow),
    sizeBytes: sum(buffers.map(({ sizeBytes }) => sizeBytes)),
    pendingBytes: sum(
      buffers.map(({ readings }) => readings.pendingBytes.value),
    ),
    fillRatio: buffers.reduce(
      (most, { readings, sizeBytes }) =>
        Math.max(most, orLeast(readings.pendingBytes.value / sizeBytes)),
      0,
    ),
    fillRatioMax: NaN,
    events: together(buffers.map(({ readings }) => readings.events)),
    eventsPerSecond: sum(buffers.map((one) => one.eventsPerSecond)),
    losses: together(buffers.map(({ readings }) => readings.lostEvents)),
  };
}

function ownerAt(
  { tables }: NodeSnapshot,
  mapRow: number,
): { owner?: Owner } {
  const owner = tables.map.ownership?.rows[mapRow]?.owner;
  return owner === undefined ? {} : { owner };
}

/** A sum is as good as the worst of its parts; what is absent makes it a lower bound. */
function together(readings: readonly Reading[]): Reading {
  const known = readings.filter(({ quality }) => quality !== "unavailable");
  if (known.length === 0) return readings[0];
  const order: readonly BufferQuality[] = ["estimated", "lower bound"];
  const worst = order.find((quality) =>
    known.some((one) => one.quality === quality)
  );
  return {
    value: sum(known.map(({ value }) => value)),
    quality: worst ??
      (known.length < readings.length ? "lower bound" : "exact"),
  };
}

/** NaN where none is known. */
function sum(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? NaN : known.reduce((all, one) => all + one, 0);
}

function orLeast(value: number): number {
  return Number.isNaN(value) ? -1 : value;
}
