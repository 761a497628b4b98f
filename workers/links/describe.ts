/**
 * Owns what a `struct bpf_link_info` says by link type: attach type and target. In: the info, and the link's descriptor for
 * the names that the kernel writes only where a second call points it. Out: LinkDescription.
 * Source: the fill_link_info() of each link type, and include/uapi/linux/bpf.h.
 * @module
 */
import {
  ATTACH_TYPES,
  type Field,
  filledInfo,
  type InfoReader,
  type KernelBuffer,
  type KernelPort,
  LINK_INFO,
  LINK_TYPES,
  objectInfo,
  textAt,
  typeName,
} from "../../ffi/sampling.ts";
import type { LinkDescription } from "./model.ts";

/** Tracepoint and function names are below 512 bytes (KSYM_NAME_LEN), paths below 4096. */
const NAME_BYTES = 4096;

/** `enum bpf_perf_event_type`. */
export const PERF_EVENT = {
  UPROBE: 1,
  URETPROBE: 2,
  KPROBE: 3,
  KRETPROBE: 4,
  TRACEPOINT: 5,
  EVENT: 6,
} as const;

/** `enum nf_inet_hooks` by index. */
const NETFILTER_HOOKS = [
  "prerouting",
  "input",
  "forward",
  "output",
  "postrouting",
];
/** Source: include/uapi/linux/netfilter.h. */
const NETFILTER_FAMILIES: Readonly<Record<number, string>> = {
  2: "ipv4",
  10: "ipv6",
};

interface Attachment {
  readonly attachType?: string;
  readonly target?: string;
  /** The device, cgroup or namespace that it was attached to is gone. */
  readonly detached?: boolean;
}

/** The name that the pointer `address` of the info is for, its length being at `lengthOffset`; undefined where it is not told. */
export type NameReader = (
  address: Field<bigint>,
  lengthOffset: number,
) => string | undefined;

/** Describes links, with buffers of its own. */
export class LinkDescriber {
  readonly #kernel: KernelPort;
  readonly #info: KernelBuffer;
  readonly #name: KernelBuffer;
  #calls = 0;

  constructor(kernel: KernelPort) {
    this.#kernel = kernel;
    this.#info = kernel.allocate(LINK_INFO.size);
    this.#name = kernel.allocate(NAME_BYTES);
  }

  /** System calls since it was made. */
  get calls(): number {
    return this.#calls;
  }

  /** What `filled` bytes of the info of link `id`, open as `fd`, say. */
  describe(
    id: number,
    view: DataView,
    filled: number,
    fd: number,
  ): LinkDescription {
    return describeLink(
      id,
      filledInfo(view, filled),
      (address, length) => this.#nameAt(address, length, fd),
    );
  }

  /** Asks again with a place for the name, or undefined when the kernel does not give it. */
  #nameAt(
    address: Field<bigint>,
    lengthOffset: number,
    fd: number,
  ): string | undefined {
    const info = this.#info;
    const name = this.#name;
    info.bytes.fill(0);
    name.bytes[0] = 0;
    info.words[address.offset / 4] = name.addressLow;
    info.words[address.offset / 4 + 1] = name.addressHigh;
    info.words[lengthOffset / 4] = NAME_BYTES;
    this.#calls++;
    const filled = objectInfo(this.#kernel, fd, info, LINK_INFO.size);
    const text = filled < 0 ? "" : textAt(name.view, 0, NAME_BYTES);
    return text === "" ? undefined : text;
  }
}

/** What an info says, and the names that it points to. */
export function describeLink(
  id: number,
  read: InfoReader,
  nameAt: NameReader,
): LinkDescription {
  const type = typeName(LINK_TYPES, read(LINK_INFO.type) ?? 0);
  const attachment = attachmentOf(type, read, nameAt);
  return {
    id,
    identity: `${id}:${type}:${attachment.attachType ?? ""}`,
    type,
    programId: read(LINK_INFO.prog_id) ?? 0,
    ...attachment,
  };
}

function attachmentOf(
  type: string,
  read: InfoReader,
  nameAt: NameReader,
): Attachment {
  const number = (field: Field<number>) => read(field);
  const attachType = (field: Field<number>) => {
    const value = number(field);
    return value === undefined
      ? {}
      : { attachType: typeName(ATTACH_TYPES, value) };
  };
  switch (type) {
    case "raw_tracepoint":
      return target(nameAt(LINK_INFO.raw_tracepoint.tp_name, 24));
    case "iter":
      return {
        attachType: "trace_iter",
        ...target(nameAt(LINK_INFO.iter.target_name, 24)),
      };
    case "tracing": {
      const { attach_type, target_obj_id, target_btf_id } = LINK_INFO.tracing;
      const object = number(target_obj_id);
      return {
        ...attachType(attach_type),
        ...(object === undefined || object === 0
          ? {}
          : { target: `btf:${object}/${number(target_btf_id) ?? 0}` }),
      };
    }
    case "cgroup":
      return {
        ...attachType(LINK_INFO.cgroup.attach_type),
        ...place("cgroup", read(LINK_INFO.cgroup.cgroup_id)),
      };
    case "netns":
      return {
        ...attachType(LINK_INFO.netns.attach_type),
        ...place("netns", number(LINK_INFO.netns.netns_ino)),
      };
    case "xdp":
      return {
        attachType: "xdp",
        ...place("ifindex", number(LINK_INFO.xdp.ifindex)),
      };
    case "tcx":
    case "netkit":
      return {
        ...attachType(LINK_INFO[type].attach_type),
        ...place("ifindex", number(LINK_INFO[type].ifindex)),
      };
    case "struct_ops":
      return {
        attachType: "struct_ops",
        ...place("map", number(LINK_INFO.struct_ops.map_id)),
      };
    case "sockmap":
      return {
        ...attachType(LINK_INFO.sockmap.attach_type),
        ...place("map", number(LINK_INFO.sockmap.map_id)),
      };
    case "netfilter":
      return {
        attachType: "netfilter",
        ...target(netfilterTarget(read)),
      };
    case "kprobe_multi":
      return target(functions(number(LINK_INFO.kprobe_multi.count)));
    case "uprobe_multi":
      return target(nameAt(LINK_INFO.uprobe_multi.path, 48));
    case "perf_event":
      return {
        attachType: "perf_event",
        ...target(perfEventTarget(read, nameAt)),
      };
    default:
      return {};
  }
}

/** Since 6.6; before, the kernel tells nothing. */
function perfEventTarget(
  read: InfoReader,
  nameAt: NameReader,
): string | undefined {
  const { type, name, name_len, offset } = LINK_INFO.perf_event;
  switch (read(type)) {
    case PERF_EVENT.UPROBE:
    case PERF_EVENT.URETPROBE: {
      const path = nameAt(name, name_len.offset);
      const at = read(offset) ?? 0;
      return path && `${path}+0x${at.toString(16)}`;
    }
    case PERF_EVENT.KPROBE:
    case PERF_EVENT.KRETPROBE:
    case PERF_EVENT.TRACEPOINT:
      return nameAt(name, name_len.offset);
    case PERF_EVENT.EVENT:
      return `event:${read(name_len)}/${read(name)}`;
    default:
      return undefined;
  }
}

function target(text: string | undefined): Attachment {
  return text === undefined ? {} : { target: text };
}

function place(kind: string, value: number | bigint | undefined): Attachment {
  if (value === undefined) return {};
  return Number(value) === 0
    ? { target: `${kind}:0`, detached: true }
    : { target: `${kind}:${value}` };
}

function functions(count: number | undefined): string | undefined {
  return count === undefined ? undefined : `functions:${count}`;
}

function netfilterTarget(read: InfoReader): string | undefined {
  const { pf, hooknum, priority } = LINK_INFO.netfilter;
  const family = read(pf);
  const hook = read(hooknum);
  if (family === undefined || hook === undefined) return undefined;
  return `${NETFILTER_FAMILIES[family] ?? `family_${family}`}/${
    NETFILTER_HOOKS[hook] ?? `hook_${hook}`
  }/${read(priority)}`;
}
