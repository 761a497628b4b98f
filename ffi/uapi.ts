/**
 * Owns the layouts of bpf.h that the agent reads: what BPF_OBJ_GET_INFO_BY_FD fills for each kind of object. Fields keep
 * their C names. Source: include/uapi/linux/bpf.h of 6.18; a shorter answer of an older kernel leaves the later ones absent.
 * @module
 */
import { chars, counter64, hex, s32, u32, u64 } from "./struct.ts";

/** `enum bpf_cmd`, what the agent uses of it. */
export const BPF = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  MAP_GET_NEXT_KEY: 4,
  PROG_LOAD: 5,
  OBJ_PIN: 6,
  PROG_ATTACH: 8,
  PROG_TEST_RUN: 10,
  PROG_GET_NEXT_ID: 11,
  MAP_GET_NEXT_ID: 12,
  PROG_GET_FD_BY_ID: 13,
  MAP_GET_FD_BY_ID: 14,
  OBJ_GET_INFO_BY_FD: 15,
  RAW_TRACEPOINT_OPEN: 17,
  BTF_LOAD: 18,
  BTF_GET_FD_BY_ID: 19,
  MAP_LOOKUP_AND_DELETE_ELEM: 21,
  BTF_GET_NEXT_ID: 23,
  MAP_LOOKUP_BATCH: 24,
  MAP_LOOKUP_AND_DELETE_BATCH: 25,
  MAP_UPDATE_BATCH: 26,
  MAP_DELETE_BATCH: 27,
  LINK_CREATE: 28,
  LINK_GET_FD_BY_ID: 30,
  LINK_GET_NEXT_ID: 31,
  ENABLE_STATS: 32,
  ITER_CREATE: 33,
} as const;

/** `struct bpf_map_info`, since 4.13. */
export const MAP_INFO = {
  size: 88,
  type: u32(0),
  id: u32(4),
  key_size: u32(8),
  value_size: u32(12),
  max_entries: u32(16),
  map_flags: u32(20),
  /** since 4.15 */
  name: chars(24, 16),
  /** since 4.16; 0 for a map that no device holds */
  ifindex: u32(40),
  /** since 4.18; 0 without BTF */
  btf_id: u32(64),
  /** since 5.16 */
  map_extra: u64(80),
} as const;

/** `struct bpf_prog_info`, since 4.13. */
export const PROG_INFO = {
  size: 232,
  type: u32(0),
  id: u32(4),
  tag: hex(8, 8),
  jited_prog_len: u32(16),
  xlated_prog_len: u32(20),
  /** ns since boot, CLOCK_BOOTTIME; since 4.15 */
  load_time: u64(40),
  created_by_uid: u32(48),
  nr_map_ids: u32(52),
  name: chars(64, 16),
  /** since 4.16 */
  ifindex: u32(80),
  /** since 5.0; 0 without BTF */
  btf_id: u32(128),
  /** since 5.0: which BTF type is each of its functions, the main one first */
  func_info_rec_size: u32(132),
  func_info: u64(136),
  nr_func_info: u32(144),
  /** since 5.1; counted while run-time statistics are on */
  run_time_ns: counter64(192),
  run_cnt: counter64(200),
  /** since 5.12; needs no statistics */
  recursion_misses: counter64(208),
  /** since 5.16 */
  verified_insns: u32(216),
  /** since 5.17 */
  attach_btf_id: u32(224),
} as const;

/** `struct bpf_btf_info`, since 4.18. Input: `name` and `name_len` say where the name goes. */
export const BTF_INFO = {
  size: 32,
  /** input: where the type information itself goes, `btf_size` bytes of it */
  btf: u64(0),
  btf_size: u32(8),
  id: u32(12),
  name_address: u64(16),
  name_len: u32(24),
  /** since 5.11 */
  kernel_btf: u32(28),
} as const;

/** `struct bpf_link_info`, since 5.8: a common part, then one by `type`. */
export const LINK_INFO = {
  size: 64,
  type: u32(0),
  id: u32(4),
  prog_id: u32(8),
  raw_tracepoint: { tp_name: u64(16), tp_name_len: u32(24) },
  tracing: {
    attach_type: u32(16),
    target_obj_id: u32(20),
    target_btf_id: u32(24),
  },
  cgroup: { cgroup_id: u64(16), attach_type: u32(24) },
  /** since 5.10 */
  iter: { target_name: u64(16), target_name_len: u32(24) },
  netns: { netns_ino: u32(16), attach_type: u32(20) },
  xdp: { ifindex: u32(16) },
  struct_ops: { map_id: u32(16) },
  /** since 6.4 */
  netfilter: { pf: u32(16), hooknum: u32(20), priority: s32(24) },
  /** since 6.6; `missed` at 32 changes */
  kprobe_multi: { count: u32(24), flags: u32(28) },
  /** since 6.6; both need the input of a second call for their names */
  perf_event: {
    type: u32(16),
    name: u64(24),
    name_len: u32(32),
    offset: u32(36),
  },
  /** since 6.6 */
  tcx: { ifindex: u32(16), attach_type: u32(20) },
  /** since 6.8 */
  uprobe_multi: { path: u64(16), path_size: u32(48), count: u32(52) },
  /** since 6.7 */
  netkit: { ifindex: u32(16), attach_type: u32(20) },
  /** since 6.10 */
  sockmap: { map_id: u32(16), attach_type: u32(20) },
} as const;
