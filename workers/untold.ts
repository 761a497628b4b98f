/**
 * Owns what this kernel does not tell of objects, though its iterators work. In: what was opened. Out: one sentence for each such
 * thing: plain values.
 * @module
 */
import type { OpenIterator } from "../ffi/mod.ts";
import type { Iterators } from "./protocol.ts";

/**
 * By what is not told: why, as a sentence without its period. Without iterators nothing is in it: what the walk reads then tells by
 * itself.
 */
export interface Untold {
  /** How many entries hash maps have; since 6.6. */
  readonly hashEntries?: string;
  /** Runs that the kernel skipped; since 5.12. */
  readonly missedRuns?: string;
  /** Since 5.16. */
  readonly verifiedInstructions?: string;
  /** Each lost sample of perf buffers; since 6.0. */
  readonly perfLosses?: string;
}

export function untold(
  { map, program, perf }: Pick<Iterators, "map" | "program" | "perf">,
): Untold {
  return {
    ...(typeof map === "string"
      ? {}
      : lacking("hashEntries", map.tick, "live.hash")),
    ...(typeof program === "string" ? {} : {
      ...lacking("missedRuns", program.tick, "recursion_misses"),
      ...lacking("verifiedInstructions", program.birth, "info.verified_insns"),
    }),
    ...(typeof perf === "object" && !perf.isLostExact
      ? { perfLosses: "perf_event has no lost_samples" }
      : {}),
  };
}

function lacking(
  name: keyof Untold,
  { absent }: OpenIterator,
  field: string,
): Untold {
  return absent[field] === undefined ? {} : { [name]: absent[field] };
}
