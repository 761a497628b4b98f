/**
 * Owns which process operates on a map most. In: operations by process, over a period. Out: the first one and its share of all. Bounded:
 * beyond some processes the rest is counted, but not told apart.
 * @module
 */
import type { OperatingProcess } from "../../workers/operations_model.ts";

/** Processes of one map that are told apart in a period. */
const MOST_USERS = 32;

export interface MapUser {
  readonly pid: number;
  /** A hostile string. */
  readonly comm: string;
  /** Of the map's operations in the period: above 0, at most 1. */
  readonly ratio: number;
}

export class MapUsers {
  readonly #counts = new Map<
    string,
    { readonly process: OperatingProcess; count: number }
  >();
  #all = 0;

  add(process: OperatingProcess, count: number): void {
    this.#all += count;
    const key = `${process.pid} ${process.startedAtMs}`;
    const known = this.#counts.get(key);
    if (known !== undefined) known.count += count;
    else if (this.#counts.size < MOST_USERS) {
      this.#counts.set(key, { process, count });
    }
  }

  /** Undefined before the first operation. */
  get first(): MapUser | undefined {
    let most: { process: OperatingProcess; count: number } | undefined;
    for (const user of this.#counts.values()) {
      if (most === undefined || user.count > most.count) most = user;
    }
    if (most === undefined) return undefined;
    const { process: { pid, comm }, count } = most;
    return { pid, comm, ratio: count / this.#all };
  }

  /** Another period begins. */
  clear(): void {
    this.#counts.clear();
    this.#all = 0;
  }
}
