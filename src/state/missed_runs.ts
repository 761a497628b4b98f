/**
 * Owns by how much the missed runs of a group's programs rose. In: the programs that it holds, their counters. Out: increments: of a
 * program that is new to the group all that it ever missed.
 * @module
 */
import type { ProgramDescription } from "../../workers/programs/model.ts";
import { rowOf } from "./row_search.ts";

export interface MissedRunRows {
  readonly descriptions: readonly ProgramDescription[];
  /** NaN where the kernel does not tell. */
  readonly recursionMisses: Float64Array;
}

interface Seen {
  readonly identity: string;
  readonly misses: number;
}

export class MissedRuns {
  /** By group, then by program id. Programs that never missed a run, which is nearly all of them, have no entry. */
  readonly #seen = new Map<string, Map<number, Seen>>();

  risen(
    group: string,
    programIds: readonly number[],
    { descriptions, recursionMisses }: MissedRunRows,
  ): number {
    const seen = this.#seen.get(group) ?? new Map<number, Seen>();
    for (const [id, { identity }] of seen) {
      const row = rowOf(descriptions, id);
      if (descriptions[row]?.identity !== identity) seen.delete(id);
    }
    let risen = 0;
    for (const id of programIds) {
      const row = rowOf(descriptions, id);
      const misses = recursionMisses[row];
      const before = seen.get(id)?.misses ?? 0;
      if (!(misses > before)) continue;
      risen += misses - before;
      seen.set(id, { identity: descriptions[row].identity, misses });
    }
    if (seen.size > 0) this.#seen.set(group, seen);
    else this.#seen.delete(group);
    return risen;
  }
}
