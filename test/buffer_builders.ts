/**
 * Owns builders of looks at ring and perf buffers, for tests. In: what matters of each buffer. Out: BuffersPass as the maps worker sends it,
 * and snapshots with what such looks say.
 * @module
 */
import {
  type BuffersPass,
  PERF_COLUMNS,
  RING_COLUMNS,
} from "../workers/maps/buffers_model.ts";
import { RING_LOSSES_OFF } from "../workers/maps/ring_losses.ts";
import { Buffers } from "../src/state/buffers.ts";
import type { PerfColumn, RingColumn } from "../src/state/buffers.ts";
import type { NodeSnapshot } from "../src/state/node_state.ts";

export type RingGiven = Partial<Record<RingColumn, number>>;
export type PerfGiven = Partial<Record<PerfColumn, number>>;

export interface BuffersGiven
  extends Partial<Omit<BuffersPass, "rings" | "perf">> {
  readonly rings?: readonly RingGiven[];
  readonly perf?: readonly PerfGiven[];
}

const RING: Record<RingColumn, number> = {
  mapId: 1,
  serial: 1,
  isUser: 0,
  sizeBytes: 4096,
  writtenBytes: 1600,
  consumedBytes: 1600,
  pendingBytes: 0,
  events: 100,
  discards: 0,
  coverage: 1,
  lossEpisodes: 0,
  fillRatioMax: 0.25,
  skippedBytes: 0,
  lostEvents: NaN,
  isLostExact: NaN,
  isBroken: 0,
};
const PERF: Record<PerfColumn, number> = {
  mapId: 1,
  serial: 1,
  cpu: 0,
  sizeBytes: 8192,
  memoryBytes: 12_288,
  writtenBytes: 4000,
  pendingBytes: 0,
  samples: 100,
  coverage: 1,
  lostSamples: 0,
  isLostExact: 1,
  pid: 77,
  skippedBytes: 0,
};

export function aBuffersPass(
  { rings = [], perf = [], ...given }: BuffersGiven = {},
): BuffersPass {
  return {
    takenAtMs: 1_000,
    passes: 10,
    spentMs: 2,
    periodMs: 100,
    unavailable: { ringLosses: RING_LOSSES_OFF },
    rings: Float64Array.from(
      rings.flatMap((ring) =>
        RING_COLUMNS.map((name) =>
          ring[name] ?? skipped(ring, name) ?? RING[name]
        )
      ),
    ),
    perf: Float64Array.from(
      perf.flatMap((buffer) =>
        PERF_COLUMNS.map((name) =>
          buffer[name] ?? skipped(buffer, name) ?? PERF[name]
        )
      ),
    ),
    ...given,
  };
}

/** What is not covered was skipped, where a test does not say otherwise. */
function skipped(
  { coverage = 1 }: RingGiven | PerfGiven,
  name: RingColumn | PerfColumn,
): number | undefined {
  return name === "skippedBytes" && coverage < 1 ? 8 : undefined;
}

/** The same node as it is known after these looks, all by one worker. */
export function withBuffers(
  snapshot: NodeSnapshot,
  passes: readonly BuffersPass[],
  maxSeries = 10_000,
): NodeSnapshot {
  const buffers = new Buffers(maxSeries);
  for (const pass of passes) buffers.take(pass, 1);
  const { state } = buffers;
  return { ...snapshot, ...(state === undefined ? {} : { buffers: state }) };
}
