/**
 * Owns the first message of a worker's life, and the pulse that goes with it. In: a collector's spec. Out: both.
 * @module
 */
import type { Init } from "../../workers/protocol.ts";
import type { CollectorSpec, PulseLike, SupervisorOptions } from "./ports.ts";

export interface Beginning {
  readonly init: Init;
  readonly pulse: PulseLike | undefined;
}

/** What a worker is told in its life `epoch`, which counts from 1. */
export function beginning(
  { init, openPulse }: Pick<SupervisorOptions, "init" | "openPulse">,
  { intervalMs, holdersMs }: CollectorSpec,
  epoch: number,
): Beginning {
  const pulse = openPulse?.();
  return {
    init: {
      ...init(epoch, intervalMs),
      ...(holdersMs === undefined ? {} : { holdersMs }),
      ...(pulse === undefined ? {} : { pulse: pulse.buffer }),
    },
    pulse,
  };
}
