/**
 * Owns what is known on the main thread of the entries that each CPU counted of maps. In: passes of the maps worker. Out: the last one,
 * and which maps have series of their own: those that CPUs count most of, ranked at most once a minute.
 * @module
 */
import type { CpuEntriesPass } from "../../workers/maps/cpu_entries_model.ts";
import { SeriesRank } from "./series_rank.ts";

/** At one moment. Its arrays are replaced with the next pass, never written. */
export interface CpuEntriesState {
  /** All possible ones, from 0 on. */
  readonly cpus: number;
  readonly maps: readonly CpuEntriesOfMap[];
  /** Maps without series of their own. */
  readonly restSize: number;
  /** One sentence where nobody can look, or can look any more. */
  readonly reason?: string;
}

export interface CpuEntriesOfMap {
  readonly mapId: number;
  /** By CPU; may be below 0. */
  readonly counts: Float64Array;
  /** Else they are counted under `other`. */
  readonly hasOwnSeries: boolean;
}

export class CpuEntries {
  #maxSeries: number;
  readonly #rank: SeriesRank;
  #cpus = 0;
  #ids: readonly number[] = [];
  #own = new Uint8Array();
  #state: CpuEntriesState | undefined;

  constructor(maxSeries: number) {
    this.#maxSeries = maxSeries;
    this.#rank = new SeriesRank(maxSeries);
  }

  /** So many series the family may have, from the next pass on. */
  setMaxSeries(max: number): void {
    this.#maxSeries = max;
    this.#retune();
  }

  take({ takenAtMs, cpus, rows, reason }: CpuEntriesPass): void {
    if (cpus !== this.#cpus) {
      this.#cpus = cpus;
      this.#retune();
    }
    const width = 1 + cpus;
    const maps: { mapId: number; counts: Float64Array }[] = [];
    for (let at = 0; at + width <= rows.length; at += width) {
      maps.push({
        mapId: rows[at],
        counts: rows.subarray(at + 1, at + width),
      });
    }
    const before = new Map(this.#ids.map((id, row) => [id, row]));
    const from = Int32Array.from(maps, ({ mapId }) => before.get(mapId) ?? -1);
    this.#own = Uint8Array.from(from, (row) => row < 0 ? 0 : this.#own[row]);
    this.#ids = maps.map(({ mapId }) => mapId);
    this.#rank.join(this.#own, from, maps.length);
    this.#rank.renew(
      takenAtMs,
      maps.length,
      this.#own,
      (row) => maps[row].counts.reduce((sum, n) => sum + Math.abs(n), 0),
    );
    this.#state = {
      cpus,
      maps: maps.map((one, row) => ({
        ...one,
        hasOwnSeries: this.#own[row] === 1,
      })),
      restSize: maps.length - this.#rank.ownCount,
      ...(reason === undefined ? {} : { reason }),
    };
  }

  /** Undefined where nobody asked for them, and before the first pass. */
  get state(): CpuEntriesState | undefined {
    return this.#state;
  }

  /** All of a map's series, or none. */
  #retune(): void {
    this.#rank.retune(Math.floor(this.#maxSeries / Math.max(1, this.#cpus)));
  }
}
