/**
 * Owns what is said of each buffer, number by number: its value and how good it is. In: one instant of the node. Out: buffers joined with
 * their maps; those whose map is not in the table are left out.
 * @module
 */
import type { MapDescription } from "../../workers/maps/model.ts";
import { BELOW_ONE, type BufferTable } from "./buffer_table.ts";
import type { BuffersState, PerfColumn, RingColumn } from "./buffers.ts";
import type { NodeSnapshot } from "./node_state.ts";
import { rowOf } from "./row_search.ts";

export type BufferQuality =
  | "exact"
  | "estimated"
  | "lower bound"
  | "unavailable";

/** A number and how good it is; NaN where it is unavailable. */
export interface Reading {
  readonly value: number;
  readonly quality: BufferQuality;
  /** One sentence where it is not exact. */
  readonly reason?: string;
}

interface Buffer<N extends string> {
  readonly map: MapDescription;
  /** Row of the map in its table. */
  readonly mapRow: number;
  readonly sizeBytes: number;
  readonly readings: Readonly<Record<N, Reading>>;
  /** Share of the bytes since it was first seen whose records were counted; NaN where none are. 1 only where all events since its making were. */
  readonly coverage: number;
  readonly eventsPerSecond: number;
  /** Else it is counted under `other`. */
  readonly hasOwnSeries: boolean;
}

export interface RingBuffer extends
  Buffer<
    | "events"
    | "discards"
    | "writtenBytes"
    | "consumedBytes"
    | "pendingBytes"
    | "fillRatioMax"
    | "lossEpisodes"
    | "lostEvents"
  > {
  readonly isUser: boolean;
}

export interface PerfBuffer extends
  Buffer<
    | "events"
    | "lostEvents"
    | "writtenBytes"
    | "pendingBytes"
  > {
  readonly cpu: number;
  readonly memoryBytes: number;
  /** Process that opened it; undefined where that is not known. */
  readonly pid?: number;
}

export interface NodeBuffers {
  readonly rings: readonly RingBuffer[];
  readonly perf: readonly PerfBuffer[];
}

const NO_BUFFERS: NodeBuffers = { rings: [], perf: [] };
const RING_TYPES: readonly string[] = ["ringbuf", "user_ringbuf"];
const PERF_TYPES: readonly string[] = ["perf_event_array"];
const READ = new WeakMap<NodeSnapshot, NodeBuffers>();

/** All buffers of one instant, ascending by map id and CPU. Worked out once a snapshot. */
export function buffersOf(snapshot: NodeSnapshot): NodeBuffers {
  const { buffers } = snapshot;
  if (buffers === undefined) return NO_BUFFERS;
  let read = READ.get(snapshot);
  if (read === undefined) {
    read = {
      rings: [
        ...joined(
          snapshot,
          buffers.rings,
          RING_TYPES,
          (row) => ringBuffer(row, buffers.ringLossesReason),
        ),
      ],
      perf: [...joined(snapshot, buffers.perf, PERF_TYPES, perfBuffer)],
    };
    READ.set(snapshot, read);
  }
  return read;
}

/** How good the events of those that have any are, at worst; undefined where there are no buffers. */
function worstQuality(
  buffers: readonly Buffer<"events">[],
): BufferQuality | undefined {
  const order: readonly BufferQuality[] = [
    "estimated",
    "lower bound",
    "exact",
    "unavailable",
  ];
  return order.find((quality) =>
    buffers.some(({ readings }) => readings.events.quality === quality)
  );
}

/** What one kind of buffer is like as a whole. */
export interface BufferKindState {
  readonly available: boolean;
  /** Of the events of its buffers, at worst; exact where there are none. */
  readonly quality: BufferQuality;
  /** One sentence. */
  readonly reason: string;
  /** How many there are; undefined where nobody can tell. */
  readonly buffers?: number;
}

/** Undefined before anybody looked. */
export function bufferKinds(
  snapshot: NodeSnapshot,
): Readonly<Record<"ring" | "perf", BufferKindState>> | undefined {
  const { buffers } = snapshot;
  if (buffers === undefined) return undefined;
  const { rings, perf } = buffersOf(snapshot);
  return {
    ring: kindState(buffers.rings, rings),
    perf: kindState(
      buffers.perf,
      perf,
      perf.some(({ readings }) => readings.lostEvents.quality === "lower bound")
        ? "; this kernel does not count lost events: theirs are a lower bound"
        : "",
    ),
  };
}

function kindState(
  { reason, size }: BuffersState["rings"] | BuffersState["perf"],
  buffers: readonly Buffer<"events">[],
  remark = "",
): BufferKindState {
  if (reason !== undefined && size === 0) {
    return { available: false, quality: "unavailable", reason };
  }
  const lesser =
    buffers.filter(({ readings }) => readings.events.quality !== "exact")
      .length;
  const said = buffers.length === 0
    ? "none here"
    : (lesser === 0
      ? `${buffers.length} seen, every event of theirs counted`
      : `${buffers.length} seen; the events of ${lesser} are not exact`) +
      remark;
  return {
    available: reason === undefined,
    quality: worstQuality(buffers) ?? "exact",
    reason: reason === undefined ? said : `${said}; the last look: ${reason}`,
    buffers: buffers.length,
  };
}

interface Row<C extends string> {
  readonly table: BufferTable<C>;
  readonly row: number;
  readonly common: Omit<Buffer<never>, "readings">;
  of(name: C): number;
}

function* joined<C extends RingColumn | PerfColumn, B>(
  { tables: { map } }: NodeSnapshot,
  table: BufferTable<C>,
  types: readonly string[],
  make: (row: Row<C>) => B,
): Generator<B> {
  const places = new Map(table.columns.map((name, i) => [name, i]));
  for (let row = 0; row < table.size; row++) {
    const at = row * table.columns.length;
    const of = (name: C) => table.rows[at + (places.get(name) ?? NaN)];
    const mapRow = rowOf(map.descriptions, of("mapId" as C));
    const described = map.descriptions[mapRow];
    // A map that came in place of another one may be known to one of the two alone.
    if (described === undefined || !types.includes(described.type)) continue;
    const common = {
      map: described,
      mapRow,
      sizeBytes: of("sizeBytes" as C),
      coverage: of("coverage" as C),
      eventsPerSecond: table.eventsPerSecond[row],
      hasOwnSeries: table.ownSeries[row] === 1,
    };
    yield make({ table, row, common, of });
  }
}

const BROKEN =
  "what its pages say cannot be: since then its counters stand still";

function ringBuffer(
  { table, row, common, of }: Row<RingColumn>,
  lossesReason: string | undefined,
): RingBuffer {
  const isBroken = of("isBroken") === 1;
  const isUser = of("isUser") === 1;
  const standing = (value: number): Reading =>
    isBroken
      ? { value, quality: "lower bound", reason: BROKEN }
      : { value, quality: "exact" };
  const counted = (value: number): Reading =>
    isBroken
      ? { value, quality: "lower bound", reason: BROKEN }
      : countReading(value, table.wasEstimated[row] === 1, common.coverage);
  const lost = of("lossEpisodes");
  return {
    ...common,
    isUser,
    readings: {
      events: counted(of("events")),
      discards: counted(of("discards")),
      writtenBytes: standing(of("writtenBytes")),
      consumedBytes: standing(of("consumedBytes")),
      pendingBytes: isBroken
        ? unavailable(BROKEN)
        : { value: of("pendingBytes"), quality: "exact" },
      fillRatioMax: isBroken ? unavailable(BROKEN) : {
        value: of("fillRatioMax"),
        quality: "lower bound",
        reason: "what was pending between two looks is not seen",
      },
      lossEpisodes: Number.isNaN(lost)
        ? unavailable(
          isUser
            ? KEPT_BY_USER
            : "nothing in this ring shows that a producer found no room, or what is unread is overwritten",
        )
        : {
          value: lost,
          quality: "lower bound",
          reason: "each is one lost event at least",
        },
      lostEvents: isUser ? unavailable(KEPT_BY_USER) : lostReading(
        of("lostEvents"),
        of("isLostExact") === 1,
        lossesReason,
      ),
    },
  };
}

const KEPT_BY_USER = "user space writes it, and keeps its losses to itself";

/** Losses that are counted one by one, whatever the ring's pages say. */
function lostReading(
  value: number,
  isExact: boolean,
  absence: string | undefined,
): Reading {
  if (Number.isNaN(value)) {
    return unavailable(absence ?? "nobody has looked yet");
  }
  return isExact ? { value, quality: "exact" } : {
    value,
    quality: "lower bound",
    reason:
      "the kernel left out some runs of the probe, or had no room to count",
  };
}

function perfBuffer({ table, row, common, of }: Row<PerfColumn>): PerfBuffer {
  const pid = of("pid");
  const isLostExact = of("isLostExact") === 1;
  const lost = of("lostSamples");
  return {
    ...common,
    cpu: of("cpu"),
    memoryBytes: of("memoryBytes"),
    ...(Number.isNaN(pid) ? {} : { pid }),
    readings: {
      events: countReading(
        of("samples"),
        table.wasEstimated[row] === 1,
        common.coverage,
      ),
      lostEvents: Number.isNaN(lost)
        ? unavailable("nothing in this buffer tells its losses")
        : isLostExact
        ? { value: lost, quality: "exact" }
        : {
          value: lost,
          quality: "lower bound",
          reason: "this kernel tells losses only where there is room again",
        },
      writtenBytes: known(
        of("writtenBytes"),
        "it is written backwards, round and round",
      ),
      pendingBytes: known(
        of("pendingBytes"),
        "its owner overwrites what is not read, or tells a position that cannot be",
      ),
    },
  };
}

function countReading(
  value: number,
  wasEstimated: boolean,
  coverage: number,
): Reading {
  if (Number.isNaN(value)) {
    return unavailable("its records are overwritten, or cannot be counted");
  }
  if (wasEstimated) {
    const reason = `records of ${percent(coverage)} of the bytes were counted`;
    return { value, quality: "estimated", reason };
  }
  if (coverage === 1) return { value, quality: "exact" };
  const reason = coverage === BELOW_ONE
    ? "what was written and gone before the agent first saw it is not counted"
    : "more is yet to be counted";
  return { value, quality: "lower bound", reason };
}

/** Never 100 % of less than all. */
function percent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

function known(value: number, reason: string): Reading {
  return Number.isNaN(value)
    ? unavailable(reason)
    : { value, quality: "exact" };
}

function unavailable(reason: string): Reading {
  return { value: NaN, quality: "unavailable", reason };
}
