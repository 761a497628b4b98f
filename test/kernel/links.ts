/**
 * Owns the making of links: one or more of every type that this kernel and this machine offer. In: a workshop. Out: links
 * in it with the programs that they run, or refusals.
 * @module
 */
import { ATTACH_TYPES, errnoName, Fd, O_DIRECTORY } from "../../ffi/mod.ts";
import { Attr, bufferOf, bytesOf, COMMAND } from "./attr.ts";
import { kernelBtf } from "./btf.ts";
import { returns } from "./instructions.ts";
import { createMap, makeMap } from "./maps.ts";
import {
  openCpuClock,
  openTracepoints,
  openUprobe,
  ProbedFile,
} from "./perf.ts";
import { cgroup, networkNamespace, vethPair } from "./places.ts";
import { loadSource, type ProgramSource } from "./programs.ts";
import { makeStructOpsLink } from "./struct_ops.ts";
import type { Workshop } from "./workshop.ts";

const LINK_CREATE_BYTES = 64;

/** Answers a descriptor, or -errno. `more` writes what is particular to the type. */
export function createLink(
  workshop: Workshop,
  programFd: number,
  target: number,
  attachType: string,
  more: (attr: Attr) => void = () => {},
): number {
  const attr = new Attr(workshop.kernel, LINK_CREATE_BYTES)
    .u32(0, programFd).u32(4, target).u32(8, ATTACH_TYPES.indexOf(attachType));
  more(attr);
  return attr.call(COMMAND.LINK_CREATE);
}

/** Attaches a loaded program to a raw tracepoint, or (no name) to the one that it was loaded for. */
export function createTracepointLink(
  workshop: Workshop,
  programFd: number,
  name?: string,
): number {
  const attr = new Attr(workshop.kernel, 16).u32(8, programFd);
  if (name !== undefined) attr.text(0, name);
  return attr.call(COMMAND.RAW_TRACEPOINT_OPEN);
}

/** Makes links of every type. Nothing that they run changes what the machine does. */
export function makeLinks(workshop: Workshop): void {
  makeTracingLinks(workshop);
  makeIteratorLinks(workshop);
  makeDeviceLinks(workshop);
  makeCgroupLinks(workshop);
  makeNetworkLinks(workshop);
  makeEventLinks(workshop);
  makeStructOpsLink(workshop);
}

function makeTracingLinks(workshop: Workshop): void {
  for (const name of ["task_rename", "sched_process_exit"]) {
    attach(
      workshop,
      `link raw_tracepoint ${name}`,
      { type: "raw_tracepoint", code: returns(0) },
      (program) => createTracepointLink(workshop, program, name),
    );
  }
  const targets: readonly (readonly [string, string, string])[] = [
    ["link raw_tracepoint with types", "trace_raw_tp", "btf_trace_task_rename"],
    ["link tracing", "trace_fentry", "bpf_fentry_test1"],
  ];
  for (const [what, expected, target] of targets) {
    const attachBtfId = kernelBtf()?.attachTarget(target);
    if (attachBtfId === undefined) {
      workshop.refuse("link", what, `no ${target} in the kernel's BTF`);
      continue;
    }
    attach(
      workshop,
      what,
      { type: "tracing", code: returns(0), expected, attachBtfId },
      (program) => createTracepointLink(workshop, program),
    );
  }
}

function makeIteratorLinks(workshop: Workshop): void {
  const map = workshop.need(
    "map",
    "map to iterate",
    createMap(workshop, { type: "hash", key: 4, value: 8, max: 4 }),
  );
  /** `union bpf_iter_link_info`: what a target is limited to. */
  const targets: readonly (readonly [string, Uint32Array?])[] = [
    ["bpf_map"],
    ["bpf_prog"],
    ["bpf_link"],
    ["task", Uint32Array.of(0, Deno.pid)],
    ["task_file"],
    ["bpf_map_elem", Uint32Array.of(map.fd)],
    ["udp"],
    ["tcp"],
    ["cgroup", Uint32Array.of(1, 0, 0, 0)],
    ["ksym"],
  ];
  for (const [target, limits] of targets) {
    const attachBtfId = kernelBtf()?.attachTarget(`bpf_iter_${target}`);
    const what = `link iter ${target}`;
    if (attachBtfId === undefined) {
      workshop.refuse("link", what, "no such target in the kernel's BTF");
      continue;
    }
    attach(
      workshop,
      what,
      {
        type: "tracing",
        code: returns(0),
        expected: "trace_iter",
        attachBtfId,
      },
      (program) =>
        createLink(workshop, program, 0, "trace_iter", (attr) => {
          if (limits === undefined) return;
          const bytes = new Uint8Array(limits.buffer);
          attr.address(16, bufferOf(workshop.kernel, bytes))
            .u32(24, bytes.length);
        }),
    );
  }
}

function makeDeviceLinks(workshop: Workshop): void {
  const pair = vethPair();
  if (!("ifindex" in pair)) {
    for (const type of ["xdp", "tcx", "netkit"]) {
      workshop.refuse("link", `link ${type}`, pair.why);
    }
    return;
  }
  workshop.use(pair);
  const rows: readonly (readonly [string, string, string, number, number])[] = [
    ["xdp", "xdp", "xdp", 2, pair.ifindex],
    ["tcx", "sched_cls", "tcx_ingress", 0, pair.ifindex],
    ["tcx", "sched_cls", "tcx_egress", 0, pair.peerIfindex],
    ["netkit", "sched_cls", "netkit_primary", 0, pair.ifindex],
  ];
  for (const [link, type, attachType, value, ifindex] of rows) {
    attach(
      workshop,
      `link ${link} ${attachType}`,
      { type, code: returns(value) },
      (program) => createLink(workshop, program, ifindex, attachType),
    );
  }
}

function makeCgroupLinks(workshop: Workshop): void {
  const place = cgroup();
  if (!("path" in place)) {
    return workshop.refuse("link", "link cgroup", place.why);
  }
  workshop.use(place);
  const fd = workshop.open(place.path, O_DIRECTORY);
  const rows: readonly (readonly [string, string])[] = [
    ["cgroup_skb", "cgroup_inet_ingress"],
    ["cgroup_skb", "cgroup_inet_egress"],
    ["cgroup_sock", "cgroup_inet_sock_create"],
    ["cgroup_device", "cgroup_device"],
    ["cgroup_sock_addr", "cgroup_inet4_connect"],
    ["sock_ops", "cgroup_sock_ops"],
    ["cgroup_sysctl", "cgroup_sysctl"],
    ["cgroup_sockopt", "cgroup_getsockopt"],
  ];
  for (const [type, expected] of rows) {
    attach(
      workshop,
      `link cgroup ${expected}`,
      { type, code: returns(1), expected },
      (program) => createLink(workshop, program, fd, expected),
    );
  }
}

function makeNetworkLinks(workshop: Workshop): void {
  const place = networkNamespace();
  if ("path" in place) {
    workshop.use(place);
    const fd = workshop.open(place.path);
    for (
      const [type, value] of [["sk_lookup", 1], [
        "flow_dissector",
        129,
      ]] as const
    ) {
      attach(
        workshop,
        `link netns ${type}`,
        { type, code: returns(value), expected: type },
        (program) => createLink(workshop, program, fd, type),
      );
    }
  } else workshop.refuse("link", "link netns", place.why);
  attach(
    workshop,
    "link netfilter",
    { type: "netfilter", code: returns(1), expected: "netfilter" },
    (program) =>
      // NFPROTO_IPV4, NF_INET_FORWARD, and a priority that nobody else has
      createLink(workshop, program, 0, "netfilter", (attr) => {
        attr.u32(16, 2).u32(20, 2).u32(24, -Deno.pid);
      }),
  );
  const map = makeMap(workshop, { type: "sockmap", key: 4, value: 4, max: 2 });
  if (map === undefined) return;
  attach(
    workshop,
    "link sockmap",
    { type: "sk_msg", code: returns(1), expected: "sk_msg_verdict" },
    (program) => createLink(workshop, program, map.fd, "sk_msg_verdict"),
  );
}

function makeEventLinks(workshop: Workshop): void {
  const clock = openCpuClock(workshop.kernel);
  if (clock >= 0) {
    workshop.use(new Fd(workshop.kernel, clock));
    attach(
      workshop,
      "link perf_event",
      { type: "perf_event", code: returns(0) },
      (program) => createLink(workshop, program, clock, "perf_event"),
    );
  } else workshop.refuse("link", "link perf_event", "no CPU clock event");
  const { kernel } = workshop;
  const file = workshop.use(new ProbedFile());
  const offsets = BigUint64Array.from(file.offsets, BigInt);
  const events: readonly (readonly [string, string, number])[] = [
    // More than one: some are of a kind of their own (system calls, ftrace's).
    ...openTracepoints(kernel, 3).map((fd) =>
      ["tracepoint", "tracepoint", fd] as const
    ),
    ["uprobe", "kprobe", openUprobe(kernel, file)],
  ];
  for (const [what, type, fd] of events) {
    if (fd < 0) {
      workshop.refuse("link", `link perf_event ${what}`, "no such event");
      continue;
    }
    workshop.use(new Fd(kernel, fd));
    attach(
      workshop,
      `link perf_event ${what}`,
      { type, code: returns(0) },
      (program) => createLink(workshop, program, fd, "perf_event"),
    );
  }
  attach(
    workshop,
    "link uprobe_multi",
    { type: "kprobe", code: returns(0), expected: "trace_uprobe_multi" },
    (program) =>
      createLink(workshop, program, 0, "trace_uprobe_multi", (attr) => {
        attr.text(16, file.path)
          .address(
            24,
            bufferOf(kernel, new Uint8Array(offsets.buffer)),
          )
          .u32(48, 2);
      }),
  );
  const symbols = bufferOf(kernel, bytesOf("bpf_fentry_test1"));
  const pointer = Uint32Array.of(symbols.addressLow, symbols.addressHigh);
  attach(
    workshop,
    "link kprobe_multi",
    { type: "kprobe", code: returns(0), expected: "trace_kprobe_multi" },
    (program) =>
      createLink(workshop, program, 0, "trace_kprobe_multi", (attr) => {
        attr.u32(20, 1)
          .address(24, bufferOf(kernel, new Uint8Array(pointer.buffer)));
      }),
  );
}

/** Loads a program and attaches it, both kept; what fails is refused under the link's name. */
function attach(
  workshop: Workshop,
  what: string,
  source: ProgramSource,
  create: (programFd: number) => number,
): void {
  const answer = loadSource(workshop, { name: "attached", ...source });
  if (answer < 0) {
    return workshop.refuse("link", what, `its program: ${errnoName(-answer)}`);
  }
  const program = workshop.need("program", `program of ${what}`, answer);
  workshop.keep("link", what, create(program.fd));
}
