/**
 * Owns the operations on each map, from pass to pass. In: increments by map id, and the rows of the map table. Out: accounts that never
 * fall while a map lives, and for a while after. An id that is given out again is another map: its account begins anew.
 * @module
 */
import type { MapDescription } from "../../workers/maps/model.ts";
import type { OperatingProcess } from "../../workers/operations_model.ts";
import { sameObject } from "./identity.ts";
import { type MapUser, MapUsers } from "./map_users.ts";
import { rowOf } from "./row_search.ts";
import { SeriesRank } from "./series_rank.ts";

/** Whoever scrapes every five minutes sees the last counts of a map that is gone. */
const GONE_KEPT_MS = 300_000;
/** Accounts of maps that no sample has shown yet. */
const MOST_UNNAMED = 10_000;
/** Accounts of maps that are gone. */
const MOST_GONE = 1_000;

export interface MapAccount {
  readonly map: MapDescription;
  /** By operation, as OPERATIONS of the worker. */
  readonly counts: readonly number[];
  /** A second of counting, over the last period; NaN before the first. */
  readonly perSecond: number;
  /** The command that did most of it in the last period in which there was any. */
  readonly by: MapUser | undefined;
  /** Else it is counted under `other`. */
  readonly hasOwnSeries: boolean;
  readonly isGone: boolean;
}

/** Some operations of one process on one map. */
export interface MapOperation {
  readonly mapId: number;
  readonly operation: number;
  readonly count: number;
  readonly process: OperatingProcess | undefined;
}

/** The map table at one moment. */
export interface MapRows {
  readonly descriptions: readonly MapDescription[];
  /** CLOCK_MONOTONIC at the start of the sample that they are from; undefined before the first. */
  readonly sampledAtMs: number | undefined;
}

interface Account {
  map: MapDescription | undefined;
  readonly counts: number[];
  /** In the period. */
  recent: number;
  readonly users: MapUsers;
  perSecond: number;
  by: MapUser | undefined;
  lastAtMs: number;
  goneAtMs: number | undefined;
  hasOwnSeries: boolean;
  /** What was counted before it had a name is in its series, or under `other`. */
  isPlaced: boolean;
}

export class MapOperations {
  readonly #width: number;
  readonly #rank: SeriesRank;
  readonly #accounts = new Map<number, Account>();
  /** Of maps that came and went between two samples, and of what was no map any more when the call ended. */
  readonly #unseen: number[];
  /** What counts rose by while their map was counted under `other`. */
  readonly #other: number[];

  /** @param width how many operations there are */
  constructor(width: number, maxSeries: number) {
    this.#width = width;
    this.#rank = new SeriesRank(maxSeries);
    this.#unseen = zeros(width);
    this.#other = zeros(width);
  }

  setMaxSeries(max: number): void {
    this.#rank.retune(max);
  }

  /** Rates are of what is added from now on. */
  beginPeriod(): void {
    for (const account of this.#accounts.values()) {
      account.recent = 0;
      account.users.clear();
    }
  }

  /** @param mapId 0 where the map was not to be seen */
  add(
    { mapId, operation, count, process }: MapOperation,
    atMs: number,
  ): void {
    if (operation >= this.#width) return;
    if (mapId === 0) {
      this.#unseen[operation] += count;
      return;
    }
    let account = this.#accounts.get(mapId);
    if (account === undefined) {
      account = {
        map: undefined,
        counts: zeros(this.#width),
        recent: 0,
        users: new MapUsers(),
        perSecond: NaN,
        by: undefined,
        lastAtMs: atMs,
        goneAtMs: undefined,
        hasOwnSeries: false,
        isPlaced: false,
      };
      this.#accounts.set(mapId, account);
    }
    account.counts[operation] += count;
    account.recent += count;
    if (process !== undefined) account.users.add(process, count);
    account.lastAtMs = atMs;
    if (account.isPlaced && !account.hasOwnSeries) {
      this.#other[operation] += count;
    }
  }

  /**
   * Joins accounts with the table, and ends a pass.
   * @param periodMs for how long operations were counted since the period began; 0: rates stay
   */
  join(rows: MapRows, nowMs: number, periodMs: number): void {
    for (const [id, account] of this.#accounts) {
      this.#name(id, account, rows, nowMs);
      if (periodMs > 0) {
        account.perSecond = account.recent * 1_000 / periodMs;
        account.by = account.users.first ?? account.by;
      }
    }
    this.#bound();
    this.#giveSeries(nowMs);
  }

  /** Of maps whose name is known, ascending by id. */
  accounts(): MapAccount[] {
    return [...this.#accounts].sort(([a], [b]) => a - b).flatMap(
      ([, { map, counts, perSecond, by, hasOwnSeries, goneAtMs }]) =>
        map === undefined ? [] : [{
          map,
          counts: [...counts],
          perSecond,
          by,
          hasOwnSeries,
          isGone: goneAtMs !== undefined,
        }],
    );
  }

  get unseen(): readonly number[] {
    return [...this.#unseen];
  }

  get other(): readonly number[] {
    return [...this.#other];
  }

  #name(id: number, account: Account, rows: MapRows, nowMs: number): void {
    const map = rows.descriptions[rowOf(rows.descriptions, id)];
    if (account.map === undefined) {
      if (map !== undefined) account.map = map;
      // A sample that began after its last operation does not show it: it will not be named any more.
      else if ((rows.sampledAtMs ?? -Infinity) > account.lastAtMs) {
        this.#fold(id, account);
      }
    } else if (map === undefined) {
      account.goneAtMs ??= nowMs;
      if (nowMs - account.goneAtMs > GONE_KEPT_MS) this.#accounts.delete(id);
    } else if (!sameObject("map", account.map, map)) {
      // What rose since belongs to nobody for certain; the map that has the id now begins at nothing.
      this.#accounts.delete(id);
    } else {
      account.goneAtMs = undefined;
    }
  }

  #fold(id: number, { counts }: Account): void {
    counts.forEach((count, i) => this.#unseen[i] += count);
    this.#accounts.delete(id);
  }

  /** The first of either kind are the oldest. */
  #bound(): void {
    const unnamed = [...this.#accounts].filter(([, { map }]) =>
      map === undefined
    );
    for (const [id, account] of unnamed.slice(0, -MOST_UNNAMED)) {
      this.#fold(id, account);
    }
    const gone = [...this.#accounts].filter(([, { goneAtMs }]) =>
      goneAtMs !== undefined
    );
    for (const [id] of gone.slice(0, -MOST_GONE)) this.#accounts.delete(id);
  }

  #giveSeries(nowMs: number): void {
    const named = [...this.#accounts.values()].filter(({ map }) =>
      map !== undefined
    );
    const own = Uint8Array.from(named, (one) => one.hasOwnSeries ? 1 : 0);
    const from = Int32Array.from(own, (flag) => flag - 1);
    this.#rank.join(own, from, named.length);
    this.#rank.renew(nowMs, named.length, own, (row) => sum(named[row].counts));
    named.forEach((account, row) => {
      account.hasOwnSeries = own[row] === 1;
      if (account.isPlaced) return;
      account.isPlaced = true;
      if (account.hasOwnSeries) return;
      account.counts.forEach((count, i) => this.#other[i] += count);
    });
  }
}

function zeros(width: number): number[] {
  return new Array<number>(width).fill(0);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
