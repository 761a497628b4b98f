/**
 * Owns the list of kernel structs and members that tests and benchmarks of BTF look up: those of iterator programs, among
 * them every kind of path. In: nothing. Out: names. What one kernel lacks, another has.
 * @module
 */
import type { Wanted } from "../../ffi/mod.ts";

const PATHS: Readonly<Record<string, readonly string[]>> = {
  bpf_map: [
    "id",
    "map_type",
    "key_size",
    "value_size",
    "max_entries",
    "map_flags",
    "map_extra",
    "name",
    "refcnt",
    "refcnt.counter",
    "usercnt",
    "frozen",
    "btf",
    "btf_value_type_id",
    "cookie",
    "elem_count",
    "owner.type",
  ],
  bpf_prog: [
    "type",
    "jited_len",
    "len",
    "tag",
    "expected_attach_type",
    "aux",
    "stats",
    "pages",
    "jited",
    "gpl_compatible",
    "kprobe_override",
  ],
  bpf_prog_aux: [
    "id",
    "name",
    "load_time",
    "verified_insns",
    "used_map_cnt",
    "used_maps",
    "attach_btf_id",
    "func_cnt",
    "stack_depth",
    "refcnt",
    "user",
    "btf",
    "func_info",
  ],
  bpf_prog_stats: ["cnt", "nsecs", "misses"],
  bpf_link: ["id", "type", "prog", "refcnt", "attach_type"],
  bpf_iter_meta: ["seq", "session_id"],
  bpf_iter__bpf_map: ["meta", "map"],
  bpf_iter__bpf_prog: ["meta", "prog"],
  bpf_iter__bpf_link: ["meta", "link"],
  bpf_iter__task_file: ["task", "fd", "file"],
  bpf_tracing_link: ["link.link.id", "tgt_prog"],
  bpf_raw_tp_link: ["btp"],
  tracepoint: ["name"],
  bpf_array: ["pptrs", "pptrs[0]", "pptrs[3]", "elem_size"],
  bpf_ringbuf: ["consumer_pos", "producer_pos"],
  lpm_trie: ["n_entries"],
  net_device: ["ifindex", "name", "name[2]"],
  net: ["ns.inum"],
  cgroup: ["kn", "self.id"],
  kernfs_node: ["id"],
  file: ["f_op", "private_data"],
  file_operations: ["release"],
  task_struct: [
    "pid",
    "tgid",
    "comm",
    "start_boottime",
    "in_execve",
    "sched_reset_on_fork",
    "cpus_mask.bits[0]",
    "signal",
  ],
  tcp_sock: ["inet_conn.icsk_inet.sk.__sk_common.skc_daddr", "nonagle"],
};

/** `[struct, path]`, some 90 of them. */
export const BTF_MEMBERS: readonly (readonly [
  struct: string,
  path: string,
])[] = Object.entries(PATHS).flatMap(([struct, paths]) =>
  paths.map((path) => [struct, path] as const)
);

export const BTF_WANTED: Wanted = {
  structs: Object.keys(PATHS),
  functions: [
    "bpf_iter_bpf_map",
    "bpf_iter_bpf_prog",
    "bpf_iter_bpf_link",
    "bpf_iter_task_file",
    "bpf_rdonly_cast",
    "bpf_map_sum_elem_count",
  ],
};
