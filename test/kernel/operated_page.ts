/**
 * Owns what a page should tell of what a program did to maps, and what it does tell. In: the program's own counts, a page. Out: the same
 * form of both.
 * @module
 */
import { errnoName } from "../../ffi/mod.ts";
import type { Operated } from "./operate.ts";
import type { Page } from "./page.ts";

/** By `map type operation`. */
export type MapCounts = Record<string, number>;

export interface ManagerCounts {
  readonly lookups: number;
  readonly updates: number;
  /** By `load EACCES` or `attach EBADF`. */
  readonly errors: Record<string, number>;
  readonly loads: number;
}

const MANAGER = "odigos_ebpf_instrumentation_manager";
const EBADF = 9;

/** Failed ones count as well; what was tried on a descriptor that was none is no operation on a map. */
export function ownMapCounts(
  operated: readonly Pick<Operated, "counts" | "types">[],
): MapCounts {
  const all: MapCounts = {};
  for (const { counts, types } of operated) {
    for (const [key, count] of Object.entries(counts)) {
      const [map, operation] = key.split(" ");
      if (types[map] === undefined) continue;
      add(all, `${map} ${types[map]} ${operation}`, count);
    }
  }
  return all;
}

export function ownManagerCounts(
  operated: readonly Pick<Operated, "counts">[],
): ManagerCounts {
  let [lookups, updates, loads] = [0, 0, 0];
  const errors: Record<string, number> = {};
  for (const { counts } of operated) {
    for (const [key, count] of Object.entries(counts)) {
      const [map, operation, errno] = key.split(" ");
      if (map === "load") loads += count;
      if (map === "load" || map === "attach") {
        // The second word is the errno.
        if (operation !== "0") {
          add(errors, `${map} ${errnoName(Number(operation))}`, count);
        }
      } else if (map !== "0" || Number(errno) !== EBADF) {
        if (operation.startsWith("lookup")) lookups += count;
        if (operation.startsWith("update")) updates += count;
      }
    }
  }
  return { lookups, updates, errors, loads };
}

/** @param ids of maps */
export function toldMapCounts(page: Page, ids: readonly string[]): MapCounts {
  const all: MapCounts = {};
  for (
    const { labels, value } of page.samples("odigos_ebpf_map_operations_total")
  ) {
    const { map_id, map_type, operation } = labels;
    if (ids.includes(map_id)) {
      add(all, `${map_id} ${map_type} ${operation}`, value);
    }
  }
  return all;
}

export function toldManagerCounts(page: Page, manager: string): ManagerCounts {
  const value = (name: string) =>
    page.value(`${MANAGER}_${name}`, { manager }) ?? 0;
  const errors: Record<string, number> = {};
  for (
    const { labels, value } of page.samples(`${MANAGER}_program_errors_total`)
  ) {
    const { kind, errno } = labels;
    if (labels.manager === manager && kind !== "missed_run") {
      add(errors, `${kind} ${errno}`, value);
    }
  }
  return {
    lookups: value("map_lookups_total"),
    updates: value("map_updates_total"),
    errors,
    loads: value("program_load_duration_ms_count"),
  };
}

/** The load histogram of a manager, with counts by bucket. */
export function toldLoads(page: Page, manager: string): Operated["loads"] {
  const name = `${MANAGER}_program_load_duration_ms`;
  const upTo = page.samples(`${name}_bucket`)
    .filter(({ labels }) => labels.manager === manager)
    .map(({ value }) => value);
  return {
    buckets: upTo.map((count, i) => count - (upTo[i - 1] ?? 0)),
    sumMs: page.value(`${name}_sum`, { manager }) ?? 0,
  };
}

function add(all: Record<string, number>, key: string, count: number): void {
  all[key] = (all[key] ?? 0) + count;
}
