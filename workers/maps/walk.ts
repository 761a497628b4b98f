/**
 * Owns how a map is read by the walk. In: a port, and ids to leave out. Out: a collector of the map table.
 * @module
 */
import {
  FDINFO_CALLS,
  filledInfo,
  type InfoReader,
  type KernelPort,
  MAP_INFO,
  MAP_TYPES,
  ObjectWalk,
  typeName,
} from "../../ffi/sampling.ts";
import { WalkCollector } from "../collector.ts";
import { Rows } from "../rows.ts";
import { memlockAtBirth } from "./memory_of.ts";
import { MAP_COLUMNS, type MapDescription } from "./model.ts";

/** All of the info, from `type` at word 0 on: nothing in it changes while the map lives. */
export const MAP_WALK_WORDS = MAP_INFO.size / 4;

const TYPE_WORD = MAP_INFO.type.offset / 4;

/**
 * A prog_array is opened once, when it is new. Closing the last descriptor of one has the kernel clear it later, by a work item
 * that holds a reference; whoever opens and closes it in between has it take a second reference for an item that is queued
 * already, and the map is never freed (prog_array_map_clear() in kernel/bpf/arraymap.c, 5.5 to 6.18 at least). A walk over a
 * node where such maps end would leak them one by one.
 */
const PROG_ARRAY = MAP_TYPES.indexOf("prog_array");

const ENTRIES = MAP_COLUMNS.indexOf("entries");

/**
 * Samples maps by BPF_MAP_GET_NEXT_ID and its kin. Needs CAP_SYS_ADMIN. Since 4.13.
 * @param asksMemory each map's fdinfo is read once, when it is new
 */
export function walkMaps(
  kernel: KernelPort,
  leaveOut: readonly number[],
  rows: Rows<"map"> = new Rows("map", MAP_WALK_WORDS, MAP_COLUMNS),
  asksMemory = false,
): WalkCollector<"map"> {
  const walk = new ObjectWalk(kernel, "map", MAP_INFO.size);
  let calls = 0;
  return new WalkCollector(rows, walk, leaveOut, {
    isLeftClosed: (id) => rows.lastWord(id, TYPE_WORD) === PROG_ARRAY,
    visit(id, info, filled, fd) {
      const known = rows.add(id, info.words, 0);
      rows.set(ENTRIES, NaN);
      if (known) return;
      const map = describeMap(id, filledInfo(info.view, filled));
      const memlock = asksMemory ? memlockAtBirth(kernel, fd) : undefined;
      if (asksMemory) calls += FDINFO_CALLS;
      rows.describe(memlock === undefined ? map : { ...map, memlock });
    },
    calls: () => calls,
  });
}

/** What a `struct bpf_map_info` says. */
export function describeMap(id: number, read: InfoReader): MapDescription {
  const type = typeName(MAP_TYPES, read(MAP_INFO.type) ?? 0);
  const keySizeBytes = read(MAP_INFO.key_size) ?? 0;
  const valueSizeBytes = read(MAP_INFO.value_size) ?? 0;
  const maxEntries = read(MAP_INFO.max_entries) ?? 0;
  const flags = read(MAP_INFO.map_flags) ?? 0;
  const name = read(MAP_INFO.name) ?? "";
  const ifindex = read(MAP_INFO.ifindex);
  const btfId = read(MAP_INFO.btf_id);
  const mapExtra = read(MAP_INFO.map_extra);
  const identity = [
    id,
    type,
    keySizeBytes,
    valueSizeBytes,
    maxEntries,
    flags,
    ifindex,
    btfId,
    mapExtra,
    name,
  ].join(":");
  return {
    id,
    identity,
    name,
    type,
    keySizeBytes,
    valueSizeBytes,
    maxEntries,
    flags,
    ...(ifindex === undefined || ifindex === 0 ? {} : { ifindex }),
    ...(btfId === undefined || btfId === 0 ? {} : { btfId }),
    ...(mapExtra === undefined ? {} : { mapExtra }),
  };
}
