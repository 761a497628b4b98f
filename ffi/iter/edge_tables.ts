/**
 * Owns which references between objects there are, and where the kernel keeps them. In: nothing. Out: a table for programs, maps and
 * links each. Not in them, for no way leads there: perf events in a perf_event_array, and what local storage and timers hold.
 * Source: include/linux/bpf.h, and for each part the kernel's file that is named there.
 * @module
 */
import { LINK_TYPES, MAP_TYPES } from "../names.ts";
import {
  eachOfChains,
  eachPointer,
  leaveId,
  LOOP_FUNCTIONS,
} from "./edge_loops.ts";
import type { EdgePart, EdgeTable } from "./edges.ts";
import type { HeldType } from "./holder_records.ts";
import type { Step, Way } from "./table.ts";

const AUX: Step = ["bpf_prog", "aux"];
const ID_OF_PROGRAM: Way = [AUX, ["bpf_prog_aux", "id"]];
const ID_OF_MAP: Way = [["bpf_map", "id"]];
const mapType = (name: string) => MAP_TYPES.indexOf(name);
const linkType = (name: string) => LINK_TYPES.indexOf(name);

/** One reference, at the end of the first way that this kernel has. */
function one(
  name: string,
  ways: readonly Way[],
  to: HeldType,
  more: Pick<EdgePart, "when" | "orNone"> = {},
): EdgePart {
  return {
    name,
    ...more,
    write(writer) {
      writer.emit.value(ways.find((way) => writer.emit.has(way)) ?? ways[0]);
      writer.to(to);
    },
  };
}

/** Where what an object of this type refers to cannot be known. */
function unknown(
  name: string,
  when: number,
  to: HeldType,
  insteadOf?: string,
): EdgePart {
  return {
    name,
    when,
    ...(insteadOf === undefined ? {} : { insteadOf }),
    write: (writer) => writer.unfollowed(to),
  };
}

/** kernel/bpf/core.c bpf_prog_free_deferred(): what a program lets go of at its end. */
const PROGRAM_EDGES: EdgeTable = {
  name: "bpfpulse_edge_p",
  target: "bpf_prog",
  object: ["bpf_prog", "prog"],
  from: "program",
  id: ID_OF_PROGRAM,
  selector: [["bpf_prog", "type"]],
  parts: [
    eachPointer(
      "maps",
      {
        at: [[AUX, ["bpf_prog_aux", "used_maps"]]],
        count: [[AUX, ["bpf_prog_aux", "used_map_cnt"]]],
      },
      ID_OF_MAP,
      "map",
    ),
    one("btf", [[AUX, ["bpf_prog_aux", "btf"], ["btf", "id"]]], "btf"),
    one(
      "attach_btf",
      [[AUX, ["bpf_prog_aux", "attach_btf"], ["btf", "id"]]],
      "btf",
      { orNone: true },
    ),
    one(
      "target",
      [
        [AUX, ["bpf_prog_aux", "dst_prog"], ...ID_OF_PROGRAM],
        [AUX, ["bpf_prog_aux", "linked_prog"], ...ID_OF_PROGRAM],
      ],
      "program",
    ),
  ],
};

/** Members of sk_psock_progs; before 5.13 under another name. */
const SOCKET_MEMBERS = [
  ["msg_parser"],
  ["stream_parser", "skb_parser"],
  ["stream_verdict"],
  ["skb_verdict"],
];
/** Programs that a socket map runs. net/core/sock_map.c sock_map_prog_update(). */
const SOCKET_PROGRAMS = [["sockmap", "bpf_stab"], ["sockhash", "bpf_shtab"]]
  .flatMap(([type, struct]) =>
    SOCKET_MEMBERS.map((names) =>
      one(
        `${type}.${names[0]}`,
        names.map((name): Way => [
          [struct, `progs.${name}`, ""],
          ...ID_OF_PROGRAM,
        ]),
        "program",
        { when: mapType(type), orNone: true },
      )
    )
  );

/** The value of an element is a pointer behind the key, whose length is rounded up to 8. kernel/bpf/hashtab.c fd_htab_map_get_ptr(). */
const HASH_OF_MAPS = eachOfChains(
  "hash_of_maps",
  {
    buckets: [["bpf_htab", "buckets"]],
    bucket: "bucket",
    count: [["bpf_htab", "n_buckets"]],
    node: ["htab_elem", "hash_node"],
    before({ emit, asm, kept }) {
      const { offset } = emit.place(["htab_elem", "key"]);
      emit.value([["bpf_map", "key_size"]]);
      asm.alu64("r0", "+=", 7).alu64("r0", ">>=", 3).alu64("r0", "<<=", 3)
        .alu64("r0", "+=", offset).store(8, "r10", kept.value, "r0");
    },
    id(writer) {
      const { emit, asm, kept } = writer;
      asm.load(8, "r2", "r10", kept.value).alu64("r1", "+=", "r2");
      emit.peek(8, 0);
      leaveId(writer, ID_OF_MAP);
    },
  },
  "map",
  mapType("hash_of_maps"),
);

/** kernel/bpf/devmap.c */
const DEVMAP_HASH = eachOfChains(
  "devmap_hash",
  {
    buckets: [["bpf_dtab", "dev_index_head"]],
    bucket: "hlist_head",
    count: [["bpf_dtab", "n_buckets"]],
    node: ["bpf_dtab_netdev", "index_hlist"],
    id(writer) {
      writer.asm.move("r0", "r1");
      leaveId(writer, [["bpf_dtab_netdev", "xdp_prog"], ...ID_OF_PROGRAM]);
    },
  },
  "program",
  mapType("devmap_hash"),
);

const MAP_EDGES: EdgeTable = {
  name: "bpfpulse_edge_m",
  target: "bpf_map",
  object: ["bpf_map", "map"],
  from: "map",
  id: ID_OF_MAP,
  selector: [["bpf_map", "map_type"]],
  parts: [
    one("btf", [[["bpf_map", "btf"], ["btf", "id"]]], "btf"),
    // kernel/bpf/arraymap.c
    eachPointer(
      "prog_array",
      {
        within: [["bpf_array", "ptrs"]],
        count: [[["bpf_map", "max_entries"]]],
      },
      ID_OF_PROGRAM,
      "program",
      { when: mapType("prog_array") },
    ),
    eachPointer(
      "array_of_maps",
      {
        within: [["bpf_array", "ptrs"]],
        count: [[["bpf_map", "max_entries"]]],
      },
      ID_OF_MAP,
      "map",
      { when: mapType("array_of_maps") },
    ),
    HASH_OF_MAPS,
    unknown("hash_of_maps?", mapType("hash_of_maps"), "map", "hash_of_maps"),
    // kernel/bpf/devmap.c
    eachPointer(
      "devmap",
      {
        at: [[["bpf_dtab", "netdev_map"]]],
        count: [[["bpf_map", "max_entries"]]],
      },
      [["bpf_dtab_netdev", "xdp_prog"], ...ID_OF_PROGRAM],
      "program",
      { when: mapType("devmap"), orNone: true },
    ),
    DEVMAP_HASH,
    unknown("devmap_hash?", mapType("devmap_hash"), "program", "devmap_hash"),
    // kernel/bpf/cpumap.c
    eachPointer(
      "cpumap",
      {
        at: [[["bpf_cpu_map", "cpu_map"]]],
        count: [[["bpf_map", "max_entries"]]],
      },
      [["bpf_cpu_map_entry", "prog"], ...ID_OF_PROGRAM],
      "program",
      { when: mapType("cpumap"), orNone: true },
    ),
    // kernel/bpf/bpf_struct_ops.c: the links in it have no ids.
    eachPointer(
      "struct_ops",
      {
        at: [[["bpf_struct_ops_map", "links"]]],
        count: [
          [["bpf_struct_ops_map", "funcs_cnt"]],
          [["bpf_struct_ops_map", "links_cnt"]],
        ],
      },
      [["bpf_link", "prog"], ...ID_OF_PROGRAM],
      "program",
      { when: mapType("struct_ops") },
    ),
    unknown("struct_ops?", mapType("struct_ops"), "program", "struct_ops"),
    ...SOCKET_PROGRAMS,
  ],
};

const LINK_EDGES: EdgeTable = {
  name: "bpfpulse_edge_l",
  target: "bpf_link",
  object: ["bpf_link", "link"],
  from: "link",
  id: [["bpf_link", "id"]],
  selector: [["bpf_link", "type"]],
  parts: [
    one("program", [[["bpf_link", "prog"], ...ID_OF_PROGRAM]], "program"),
    one(
      "tracing",
      [[["bpf_tracing_link", "tgt_prog"], ...ID_OF_PROGRAM]],
      "program",
      { when: linkType("tracing"), orNone: true },
    ),
    one(
      "struct_ops",
      [[["bpf_struct_ops_link", "map"], ["bpf_map", "id"]]],
      "map",
      { when: linkType("struct_ops"), orNone: true },
    ),
    one(
      "sockmap",
      [[["sockmap_link", "map"], ["bpf_map", "id"]]],
      "map",
      { when: linkType("sockmap"), orNone: true },
    ),
    one(
      "iter",
      [[["bpf_iter_link", "aux.map"], ["bpf_map", "id"]]],
      "map",
      { when: linkType("iter"), orNone: true },
    ),
  ],
};

export const EDGE_TABLES = {
  program: PROGRAM_EDGES,
  map: MAP_EDGES,
  link: LINK_EDGES,
} as const satisfies Record<string, EdgeTable>;

/** Structs that the tables look into. */
export const EDGE_STRUCTS: readonly string[] = [
  "bpf_iter__bpf_prog",
  "bpf_iter__bpf_map",
  "bpf_iter__bpf_link",
  "bpf_iter_meta",
  "seq_file",
  "bpf_prog",
  "bpf_prog_aux",
  "bpf_prog_stats",
  "bpf_map",
  "bpf_link",
  "btf",
  "bpf_array",
  "bpf_htab",
  "bucket",
  "htab_elem",
  "hlist_head",
  "bpf_dtab",
  "bpf_dtab_netdev",
  "bpf_cpu_map",
  "bpf_cpu_map_entry",
  "bpf_struct_ops_map",
  "bpf_stab",
  "bpf_shtab",
  "bpf_tracing_link",
  "bpf_struct_ops_link",
  "sockmap_link",
  "bpf_iter_link",
];

/** Functions of the kernel that the tables call. */
export const EDGE_FUNCTIONS: readonly string[] = Object.values(LOOP_FUNCTIONS);
