/**
 * Owns what is counted of bpf() operations, and how a row of counts looks, in the kernel's map and in what is read of it. In:
 * nothing. Out: constants, which the program that counts, the one that drains, and whoever reads records share.
 * Source: kernel/bpf/syscall.c __sys_bpf(), `enum bpf_cmd` and `union bpf_attr` in include/uapi/linux/bpf.h.
 * @module
 */
import { BPF } from "../uapi.ts";

/** Of `enum bpf_cmd`, for readers of rows. */
export const MAP_LOOKUP: number = BPF.MAP_LOOKUP_ELEM;
export const PROG_LOAD: number = BPF.PROG_LOAD;

/** Operations on a map's elements, by command. A batch is one operation, however many elements it has. */
export const MAP_OPERATIONS: Readonly<Record<number, string>> = {
  [BPF.MAP_LOOKUP_ELEM]: "lookup",
  [BPF.MAP_UPDATE_ELEM]: "update",
  [BPF.MAP_DELETE_ELEM]: "delete",
  [BPF.MAP_GET_NEXT_KEY]: "get_next",
  [BPF.MAP_LOOKUP_AND_DELETE_ELEM]: "lookup_and_delete",
  [BPF.MAP_LOOKUP_BATCH]: "lookup_batch",
  [BPF.MAP_LOOKUP_AND_DELETE_BATCH]: "lookup_and_delete_batch",
  [BPF.MAP_UPDATE_BATCH]: "update_batch",
  [BPF.MAP_DELETE_BATCH]: "delete_batch",
};

/** Commands that attach a program; only failures are counted. */
export const ATTACH_COMMANDS: readonly number[] = [
  BPF.PROG_ATTACH,
  BPF.RAW_TRACEPOINT_OPEN,
  BPF.LINK_CREATE,
];

/** Upper bounds of the buckets of load durations, in µs, ascending; a duration is below its bucket's; behind them is one without a bound. */
export const LOAD_BOUNDS_US: readonly number[] = [
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
  25_000,
  50_000,
  100_000,
  250_000,
  500_000,
  1_000_000,
  2_500_000,
  5_000_000,
];

/** The bucket of loads whose beginning nobody saw: they were under way when the hook was attached. */
export const UNTIMED_BUCKET = LOAD_BOUNDS_US.length + 1;

/** Where in a row is what, in bytes: the key, then the value. */
export const ROW = {
  bytes: 64,
  keyBytes: 16,
  valueBytes: 48,
  /** Of a load the bucket. 0 where the descriptor was of no map, or could not be followed. */
  mapId: 0,
  /** In the initial pid namespace. */
  pid: 4,
  /** `enum bpf_cmd`; END in the last record of a pass. In the map, the highest bit is the half. */
  command: 8,
  /** 0 for success. */
  errno: 12,
  /** 64 bits; in the last record of a pass what found no room, ever. */
  count: 16,
  /** Of loads, ns: 64 bits. */
  sumNs: 24,
  /** CLOCK_BOOTTIME at the start of the process, in ns: 64 bits. */
  startNs: 32,
  comm: { offset: 40, size: 16 },
  /** Of the default hierarchy: 64 bits; 0 where this kernel does not tell. */
  cgroupId: 56,
} as const;

/** Command of the last record. */
export const END = 0xffff_ffff;

/**
 * Rows are of two halves, by a bit of their key: one is counted in while the other is drained, so that a row has come to rest when it
 * is read and taken away.
 */
export const HALF_BIT = 0x8000_0000 | 0;

/** Rows of both halves: processes times maps times commands times outcomes, in two intervals. */
export const MOST_ROWS = 16_384;
/** Loads that are under way at once. */
export const MOST_LOADS = 1_024;

/** Value of the one element of the state map. */
export const STATE = { bytes: 16, half: 0, lost: 8 } as const;

/** The maps of the programs, by descriptor. */
export interface OperationMaps {
  readonly rows: number;
  /** When loads began, by thread. */
  readonly starts: number;
  readonly state: number;
}
