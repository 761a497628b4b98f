/**
 * Owns the making of programs: as many types as load here, named in every way. In: a workshop. Out: programs in it, or
 * refusals.
 * @module
 */
import { ATTACH_TYPES, PROG_TYPES } from "../../ffi/mod.ts";
import { Attr, bufferOf, COMMAND } from "./attr.ts";
import { btfFunction, kernelBtf, smallBtf } from "./btf.ts";
import { callsItself, padded, returns, usesMap } from "./instructions.ts";
import { createMap, loadBtf } from "./maps.ts";
import type { Made, Workshop } from "./workshop.ts";

/** What BPF_PROG_LOAD is given. */
export interface ProgramSource {
  /** bpftool's name, as `sched_cls`. */
  readonly type: string;
  /** `struct bpf_insn`, 8 bytes each. */
  readonly code: Uint8Array;
  /** At most 15 bytes of `[A-Za-z0-9_.]`. */
  readonly name?: string;
  /** bpftool's name of the attach type that it is loaded for, as `cgroup_inet_egress`. */
  readonly expected?: string;
  /** Index of the member that a struct_ops program is for; the kernel takes it in place of `expected`. */
  readonly memberIndex?: number;
  readonly flags?: number;
  readonly attachBtfId?: number;
  /** Of the program that it replaces a function of. */
  readonly attachProgramFd?: number;
  /** BTF of its functions: descriptor, and for each function its instruction and its type there. */
  readonly functions?: {
    readonly btfFd: number;
    readonly info: readonly (readonly [instruction: number, typeId: number])[];
  };
}

const PROG_LOAD_BYTES = 128;
const SLEEPABLE = 1 << 4;
const FUNC_INFO_BYTES = 8;

/** Answers a descriptor, or -errno. */
export function loadSource(workshop: Workshop, source: ProgramSource): number {
  const { kernel } = workshop;
  const attr = new Attr(kernel, PROG_LOAD_BYTES)
    .u32(0, PROG_TYPES.indexOf(source.type))
    .u32(4, source.code.length / 8)
    .address(8, bufferOf(kernel, source.code))
    .text(16, "GPL")
    .u32(44, source.flags ?? 0)
    .name(48, source.name ?? "")
    .u32(68, expectedAttachType(source))
    .u32(108, source.attachBtfId ?? 0)
    .u32(112, source.attachProgramFd ?? 0);
  if (source.functions) {
    const info = new Uint32Array(source.functions.info.flat());
    attr.u32(72, source.functions.btfFd)
      .u32(76, FUNC_INFO_BYTES)
      .address(80, bufferOf(kernel, new Uint8Array(info.buffer)))
      .u32(88, source.functions.info.length);
  }
  return attr.call(COMMAND.PROG_LOAD);
}

function expectedAttachType(source: ProgramSource): number {
  if (source.memberIndex !== undefined) return source.memberIndex;
  return source.expected ? ATTACH_TYPES.indexOf(source.expected) : 0;
}

/** Loads one program, kept by the workshop; undefined and a SKIP line where the kernel refuses it. */
export function makeProgram(
  workshop: Workshop,
  source: ProgramSource,
): Made | undefined {
  const what = `program ${source.type}${
    source.expected ? ` for ${source.expected}` : ""
  }`;
  return workshop.keep("program", what, loadSource(workshop, source));
}

/** Loads programs of every type that PROG_TYPES names. */
export function makePrograms(workshop: Workshop): void {
  const sources = [...plainSources(), ...kernelTypeSources(workshop)];
  for (const source of sources) makeProgram(workshop, source);
  makeNamedPrograms(workshop);
  makeProgramsWithBtf(workshop);
  const tried = new Set(sources.map((source) => source.type).concat("ext"));
  for (const type of PROG_TYPES.slice(1)) {
    if (!tried.has(type)) makeProgram(workshop, { type, code: returns(0) });
  }
}

function plainSources(): ProgramSource[] {
  const rows: readonly (readonly [string, number, string?])[] = [
    ["socket_filter", 0],
    ["kprobe", 0],
    ["sched_cls", 0],
    ["sched_act", 0],
    ["tracepoint", 0],
    ["xdp", 2],
    ["xdp", 2, "xdp_devmap"],
    ["xdp", 2, "xdp_cpumap"],
    ["perf_event", 0],
    ["cgroup_skb", 1, "cgroup_inet_ingress"],
    ["cgroup_skb", 1, "cgroup_inet_egress"],
    ["cgroup_sock", 1, "cgroup_inet_sock_create"],
    ["cgroup_sock", 1, "cgroup_inet_sock_release"],
    ["lwt_in", 0],
    ["lwt_out", 0],
    ["lwt_xmit", 0],
    ["lwt_seg6local", 0],
    ["sock_ops", 1, "cgroup_sock_ops"],
    ["sk_skb", 1],
    ["sk_skb", 1, "sk_skb_verdict"],
    ["cgroup_device", 1, "cgroup_device"],
    ["sk_msg", 1, "sk_msg_verdict"],
    ["raw_tracepoint", 0],
    ["raw_tracepoint_writable", 0],
    ["cgroup_sock_addr", 1, "cgroup_inet4_bind"],
    ["cgroup_sock_addr", 1, "cgroup_inet6_connect"],
    ["lirc_mode2", 0],
    ["sk_reuseport", 1, "sk_reuseport_select"],
    ["flow_dissector", 129, "flow_dissector"],
    ["cgroup_sysctl", 1, "cgroup_sysctl"],
    ["cgroup_sockopt", 1, "cgroup_setsockopt"],
    ["sk_lookup", 1, "sk_lookup"],
    ["netfilter", 1, "netfilter"],
  ];
  const sources: ProgramSource[] = rows.map(([type, value, expected], i) => ({
    type,
    code: padded(i, value),
    name: type.slice(0, 15),
    ...(expected ? { expected } : {}),
  }));
  const code = returns(0);
  return [...sources, { type: "syscall", code, flags: SLEEPABLE }];
}

/** Programs that attach to a function or type of the kernel, by its BTF id. */
function kernelTypeSources(workshop: Workshop): ProgramSource[] {
  const rows: readonly (readonly [string, string, string])[] = [
    ["tracing", "trace_iter", "bpf_iter_bpf_map"],
    ["tracing", "trace_raw_tp", "btf_trace_task_rename"],
    ["tracing", "trace_fentry", "__sys_bpf"],
    ["tracing", "trace_fexit", "__sys_bpf"],
    ["tracing", "modify_return", "bpf_modify_return_test"],
    ["lsm", "lsm_mac", "bpf_lsm_file_open"],
    ["lsm", "lsm_cgroup", "bpf_lsm_socket_bind"],
  ];
  const sources: ProgramSource[] = [];
  for (const [type, expected, target] of rows) {
    const attachBtfId = kernelBtf()?.attachTarget(target);
    if (attachBtfId === undefined) {
      const what = `program ${type} for ${expected}`;
      workshop.refuse("program", what, `no ${target} in the kernel's BTF`);
    } else {
      const code = returns(expected === "lsm_cgroup" ? 1 : 0);
      sources.push({ type, expected, attachBtfId, code, name: expected });
    }
  }
  return [...sources, ...structOpsSources()];
}

/** The functions that a TCP congestion control must have, by their member in `struct tcp_congestion_ops`. */
export const CONGESTION_CONTROL = ["ssthresh", "undo_cwnd", "cong_avoid"];

function structOpsSources(): ProgramSource[] {
  return CONGESTION_CONTROL.flatMap((member) => structOpsSource(member) ?? []);
}

/** A program for `member` of a TCP congestion control; undefined where the kernel has no such struct. */
export function structOpsSource(member: string): ProgramSource | undefined {
  const struct = kernelBtf()?.struct("tcp_congestion_ops");
  if (struct === undefined) return undefined;
  return {
    type: "struct_ops",
    code: returns(2),
    name: member,
    attachBtfId: struct.id,
    memberIndex: struct.members.findIndex(({ name }) => name === member),
  };
}

/** Unnamed, with the longest name, uncommon characters, and one name twice. */
function makeNamedPrograms(workshop: Workshop): void {
  const names = ["", "fifteen_letters", "a.b_C9", "twin", "twin"];
  for (const [i, name] of names.entries()) {
    const code = padded(100 * i, 0);
    makeProgram(workshop, { type: "socket_filter", code, name });
  }
  const map = workshop.need(
    "map",
    "map of a program",
    createMap(workshop, { type: "array", key: 4, value: 8, max: 1 }),
  );
  makeProgram(workshop, {
    type: "xdp",
    code: usesMap(map.fd, 2),
    name: "uses_a_map",
  });
}

/** With the whole name in BTF, with two functions, and one that replaces a function of another. */
function makeProgramsWithBtf(workshop: Workshop): void {
  const btf = workshop.keep(
    "btf",
    "btf of programs",
    loadBtf(
      workshop,
      smallBtf(["a_function_with_a_name_far_beyond_fifteen", "called"], true),
    ),
  );
  if (btf === undefined) return;
  makeProgram(workshop, {
    type: "socket_filter",
    code: returns(0),
    name: "a_function_with",
    functions: { btfFd: btf.fd, info: [[0, btfFunction(0)]] },
  });
  const target = makeProgram(workshop, {
    type: "tracepoint",
    code: callsItself(0),
    name: "calls_another",
    functions: {
      btfFd: btf.fd,
      info: [[0, btfFunction(0)], [2, btfFunction(1)]],
    },
  });
  if (target === undefined) return;
  makeProgram(workshop, {
    type: "ext",
    code: returns(0),
    name: "replaces",
    attachBtfId: btfFunction(1),
    attachProgramFd: target.fd,
    functions: { btfFd: btf.fd, info: [[0, btfFunction(1)]] },
  });
  // Since 6.1 a name may have 511 bytes, before 127.
  const longest = workshop.keep(
    "btf",
    "BTF with a long name",
    loadBtf(workshop, smallBtf([`a_function_with_${"x".repeat(214)}`])),
  );
  if (longest === undefined) return;
  makeProgram(workshop, {
    type: "socket_filter",
    code: returns(0),
    name: "a_function_with",
    functions: { btfFd: longest.fd, info: [[0, btfFunction(0)]] },
  });
}
