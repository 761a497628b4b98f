/**
 * Owns what the two link iterators write. In: nothing. Out: a tick table (identity, program, and the place that a link may lose),
 * and a birth table that begins with the same and goes on as `struct bpf_link_info` and a name. Not in it are
 * links whose target no program tells (uprobe_multi: bpf_d_path() takes no path that was reached by a cast): DESCRIBED_HERE lists
 * those that are.
 * @module
 */
import { LINK_TYPES } from "../names.ts";
import { type Field, u32 } from "../struct.ts";
import { LINK_INFO } from "../uapi.ts";
import type {
  Bits,
  Origin,
  RecordField,
  RecordTable,
  Step,
  Way,
} from "./table.ts";

const of = (...way: Way) => ({ ways: [way] } as const);

export const LINK_HEAD_BYTES = 16;
/** Where in the head the id of the program is, in bytes. */
export const LINK_PROGRAM_OFFSET = 8;
/** Behind the info: the tracepoint, function, file or iterator target. */
export const LINK_NAME = {
  offset: LINK_HEAD_BYTES + LINK_INFO.size,
  size: 256,
};

const ID = of(["bpf_link", "id"]);
const TYPE = of(["bpf_link", "type"]);
const PROGRAM = of(["bpf_link", "prog"], ["bpf_prog", "aux"], [
  "bpf_prog_aux",
  "id",
]);

const COMMON: readonly RecordField[] = [
  { name: "id", offset: 0, size: 4, from: ID, required: true },
  { name: "type", offset: 4, size: 4, from: TYPE, required: true },
  {
    name: "prog_id",
    offset: LINK_PROGRAM_OFFSET,
    size: 4,
    from: PROGRAM,
    required: true,
  },
];

/** Links to what may go away before they do: 0 from then on. */
const PLACES: Readonly<Record<string, Way>> = {
  cgroup: [["bpf_cgroup_link", "cgroup"], ["cgroup", "kn"], [
    "kernfs_node",
    "id",
  ]],
  netns: [["bpf_netns_link", "net"], ["net", "ns.inum"]],
  xdp: [["bpf_xdp_link", "dev"], ["net_device", "ifindex"]],
  tcx: [["tcx_link", "dev"], ["net_device", "ifindex"]],
  netkit: [["netkit_link", "dev"], ["net_device", "ifindex"]],
  sockmap: [["sockmap_link", "map"], ["bpf_map", "id"]],
};

const linkType = (name: string) => LINK_TYPES.indexOf(name);

const PLACE_WORDS: readonly RecordField[] = Object.entries(PLACES).map((
  [type, way],
) => ({
  name: `place.${type}`,
  offset: 12,
  size: 4,
  from: { ways: [way] },
  when: linkType(type),
}));

const BASE = {
  target: "bpf_link",
  object: ["bpf_link", "link"],
  selector: [["bpf_link", "type"]],
} as const;

export const LINK_TICK: RecordTable = {
  ...BASE,
  name: "bpfpulse_link",
  fields: [...COMMON, ...PLACE_WORDS],
};

const at = (
  type: string,
  name: string,
  { offset, size }: Field<unknown>,
  from: Origin,
): RecordField => ({
  name: `${type}.${name}`,
  offset: LINK_HEAD_BYTES + offset,
  size,
  from,
  when: linkType(type),
});

/** Since 6.17 in the link itself, before in what holds it. */
const attached = (...before: Step): Origin => ({
  ways: [[["bpf_link", "attach_type"]], [before]],
});
const { netfilter, tracing } = LINK_INFO;

/** In place of `perf_event` of the info, what that is made of. */
export const LINK_EVENT = {
  isUprobe: u32(16),
  programType: u32(20),
  config: LINK_INFO.perf_event.name,
  eventType: LINK_INFO.perf_event.name_len,
  uprobeOffset: LINK_INFO.perf_event.offset,
} as const;

/** From the link to the file of its perf event, whose private_data is the event. */
const EVENT: Way = [["bpf_perf_link", "perf_file"], ["file", "private_data"]];
const KEY: Way = [["bpf_tracing_link", "trampoline"], [
  "bpf_trampoline",
  "key",
]];

/** All that a link's description takes, type by type. */
const BY_TYPE: Readonly<Record<string, readonly RecordField[]>> = {
  raw_tracepoint: [name("raw_tracepoint", [
    ["bpf_raw_tp_link", "btp"],
    ["bpf_raw_event_map", "tp"],
    ["tracepoint", "name"],
  ])],
  iter: [name("iter", [
    ["bpf_iter_link", "tinfo"],
    ["bpf_iter_target_info", "reg_info"],
    ["bpf_iter_reg", "target"],
  ])],
  tracing: [
    at(
      "tracing",
      "attach_type",
      tracing.attach_type,
      attached("bpf_tracing_link", "attach_type"),
    ),
    // bpf_trampoline_unpack_key(): the object in the upper half, the function in 31 bits of the lower.
    at("tracing", "target_obj_id", tracing.target_obj_id, {
      ways: [KEY],
      shift: -32,
    }),
    at("tracing", "target_btf_id", tracing.target_btf_id, {
      ways: [KEY],
      mask: 0x7fff_ffff,
    }),
  ],
  cgroup: [
    at(
      "cgroup",
      "attach_type",
      LINK_INFO.cgroup.attach_type,
      attached("bpf_cgroup_link", "type"),
    ),
    place("cgroup", LINK_INFO.cgroup.cgroup_id),
  ],
  netns: [
    at(
      "netns",
      "attach_type",
      LINK_INFO.netns.attach_type,
      attached("bpf_netns_link", "type"),
    ),
    place("netns", LINK_INFO.netns.netns_ino),
  ],
  xdp: [place("xdp", LINK_INFO.xdp.ifindex)],
  tcx: [
    at(
      "tcx",
      "attach_type",
      LINK_INFO.tcx.attach_type,
      attached("tcx_link", "location"),
    ),
    place("tcx", LINK_INFO.tcx.ifindex),
  ],
  netkit: [
    at(
      "netkit",
      "attach_type",
      LINK_INFO.netkit.attach_type,
      attached("netkit_link", "location"),
    ),
    place("netkit", LINK_INFO.netkit.ifindex),
  ],
  sockmap: [
    at(
      "sockmap",
      "attach_type",
      LINK_INFO.sockmap.attach_type,
      attached("sockmap_link", "attach_type"),
    ),
    place("sockmap", LINK_INFO.sockmap.map_id),
  ],
  netfilter: [
    at(
      "netfilter",
      "pf",
      netfilter.pf,
      of(["bpf_nf_link", "hook_ops.pf"]),
    ),
    at(
      "netfilter",
      "hooknum",
      netfilter.hooknum,
      of(["bpf_nf_link", "hook_ops.hooknum"]),
    ),
    at(
      "netfilter",
      "priority",
      netfilter.priority,
      of(["bpf_nf_link", "hook_ops.priority"]),
    ),
  ],
  struct_ops: [
    at(
      "struct_ops",
      "map_id",
      LINK_INFO.struct_ops.map_id,
      of(["bpf_struct_ops_link", "map"], ["bpf_map", "id"]),
    ),
  ],
  perf_event: [
    at("perf_event", "program_type", LINK_EVENT.programType, {
      ways: [[["bpf_link", "prog"], ["bpf_prog", "type"]]],
    }),
    at("perf_event", "is_uprobe", LINK_EVENT.isUprobe, {
      bits: eventBits("UPROBE"),
    }),
    at("perf_event", "event_type", LINK_EVENT.eventType, {
      ways: [[...EVENT, ["perf_event", "attr.type", ""]]],
    }),
    at("perf_event", "config", LINK_EVENT.config, {
      ways: [[...EVENT, ["perf_event", "attr.config", ""]]],
    }),
  ],
  kprobe_multi: [
    at(
      "kprobe_multi",
      "count",
      LINK_INFO.kprobe_multi.count,
      of(["bpf_kprobe_multi_link", "cnt"]),
    ),
  ],
};

/** What only some kernels' perf events have; each writes where the others do not. */
const EVENT_NAMES: readonly RecordField[] = [
  eventName("tracepoint", ["TRACEPOINT"], true, [
    ["trace_event_call", "tp"],
    ["tracepoint", "name"],
  ]),
  // is_syscall_trace_event(): those that are of no other kind.
  eventName(
    "syscall",
    ["TRACEPOINT", "KPROBE", "UPROBE", "EPROBE", "FPROBE"],
    false,
    [["trace_event_call", "name"]],
  ),
  eventName("kprobe", ["KPROBE"], true, [
    ["trace_probe_event", "probes.next", "call"],
    ["trace_kprobe", "symbol", "tp.list"],
  ]),
  eventName("uprobe", ["UPROBE"], true, [
    ["trace_probe_event", "probes.next", "call"],
    ["trace_uprobe", "filename", "tp.list"],
  ]),
  at("perf_event", "uprobe_offset", LINK_EVENT.uprobeOffset, {
    ways: [[
      ...EVENT,
      ["perf_event", "tp_event", ""],
      ["trace_probe_event", "probes.next", "call"],
      ["trace_uprobe", "offset", "tp.list"],
    ]],
  }),
];

/** Fields by type of link; a link of another type, or that lacks one of them here, must be asked by descriptor. */
export const DESCRIBED_HERE: Readonly<Record<string, readonly string[]>> =
  Object.fromEntries(
    Object.entries(BY_TYPE).map(([type, fields]) => [
      type,
      fields.map((field) => field.name),
    ]),
  );

const info = (
  member: "type" | "id" | "prog_id",
  from: Origin,
): RecordField => ({
  name: `info.${member}`,
  offset: LINK_HEAD_BYTES + LINK_INFO[member].offset,
  size: 4,
  from,
  required: true,
});

export const LINK_BIRTH: RecordTable = {
  ...BASE,
  name: "bpfpulse_link_b",
  boundBy: [["bpf_link", "id"]],
  fields: [
    ...COMMON,
    info("type", TYPE),
    info("id", ID),
    info("prog_id", PROGRAM),
    ...LINK_TYPES.flatMap((type) => [
      ...PLACE_WORDS.filter(({ when }) => when === linkType(type)),
      ...(BY_TYPE[type] ?? []),
      ...(type === "perf_event" ? EVENT_NAMES : []),
    ]),
  ],
};

function name(type: string, text: Way): RecordField {
  return {
    name: `${type}.name`,
    ...LINK_NAME,
    from: { text },
    when: linkType(type),
  };
}

function eventBits(...names: readonly string[]): Bits {
  return {
    of: [...EVENT, ["perf_event", "tp_event", ""], [
      "trace_event_call",
      "flags",
    ]],
    enumerators: names.map((name) => `TRACE_EVENT_FL_${name}`),
  };
}

/** The name of an event of a kind, as bpf_get_perf_event_info() finds it. */
function eventName(
  kind: string,
  flags: readonly string[],
  areSet: boolean,
  end: Way,
): RecordField {
  return {
    ...name("perf_event", [...EVENT, ["perf_event", "tp_event", ""], ...end]),
    name: `perf_event.${kind}`,
    onlyIf: { bits: eventBits(...flags), areSet },
  };
}

function place(type: string, field: Field<unknown>): RecordField {
  return at(type, "place", field, { ways: [PLACES[type]] });
}
