/**
 * Owns the answer to "are losses of ring buffers counted one by one, and what does that cost?". In: what was found at start, one instant
 * of the node. Out: plain values for /readyz, sentences for people.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import { type BufferQuality, buffersOf } from "../state/buffer_readings.ts";
import type { NodeSnapshot } from "../state/node_state.ts";

export interface RingLossesReadiness {
  readonly mode: "off" | "on";
  readonly isAttached: boolean;
  /** Of the kernel, that something is attached to. */
  readonly functions: readonly string[];
  /** Of the counts, at worst. */
  readonly quality: BufferQuality;
  /** Why they are not counted. */
  readonly reason: string | undefined;
  /** What it costs; undefined where nothing is attached. */
  readonly cost: string | undefined;
}

/** Of the probe, while it is attached. */
export const RING_LOSSES_COST =
  "every write into a ring buffer of the node takes longer, in emulated guests 1.6 to 2.2 times as long; see bench/README.md";

export function ringLossesReadiness(
  { ringLosses: facts }: Pick<NodeFacts, "ringLosses">,
  snapshot: NodeSnapshot,
): RingLossesReadiness {
  const { mode = "off", functions, reason } = facts ?? {};
  const isAttached = functions !== undefined;
  const isWhole = buffersOf(snapshot).rings.every(({ readings }) =>
    readings.lostEvents.quality !== "lower bound"
  );
  return {
    mode,
    isAttached,
    functions: functions ?? [],
    quality: isAttached ? isWhole ? "exact" : "lower bound" : "unavailable",
    reason,
    cost: isAttached ? RING_LOSSES_COST : undefined,
  };
}

/** How losses of rings are known, for people; undefined before anybody looked. */
export function ringLossesPhrase(
  { buffers }: Pick<NodeSnapshot, "buffers">,
): string | undefined {
  if (buffers === undefined) return undefined;
  const { ringLossesReason: reason } = buffers;
  return reason === undefined
    ? `counted one by one since bpfpulse started: ${RING_LOSSES_COST}`
    : `the times that a producer was seen to find no room, a lower bound; counting one by one: ${reason}`;
}
