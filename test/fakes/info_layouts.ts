/**
 * Owns where each value goes in the `struct bpf_*_info` that the fake kernel fills. The offsets are stated here a second
 * time, apart from ffi/uapi.ts, so that an error in one of the two fails a test; test/contract/layouts_test.ts holds both
 * against the running kernel. Source: include/uapi/linux/bpf.h of 6.18.
 * @module
 */
import { LINK_TYPES, MAP_TYPES, PROG_TYPES } from "../../ffi/names.ts";

/** Lays one value into a struct. */
// deno-lint-ignore no-explicit-any -- a layout mixes fields of several types, and Values gives each its own
export type Put<T = any> = (view: DataView, value: T) => void;
export type Layout = Readonly<Record<string, Put>>;
/** The values that a layout takes, all optional. */
export type Values<L extends Layout> = {
  readonly [K in keyof L]?: L[K] extends Put<infer T> ? T : never;
};

const encoder = new TextEncoder();

/** The bytes of a name that is given as text or as raw bytes. */
export function nameBytes(name: string | Uint8Array): Uint8Array {
  return typeof name === "string" ? encoder.encode(name) : name;
}

function u32(at: number): Put<number> {
  return (view, value) => view.setUint32(at, value, true);
}

function s32(at: number): Put<number> {
  return (view, value) => view.setInt32(at, value, true);
}

function u64(at: number): Put<number | bigint> {
  return (view, value) => view.setBigUint64(at, BigInt(value), true);
}

/** `char[16]`; raw bytes may fill it without a NUL, which no kernel does. */
function name16(at: number): Put<string | Uint8Array> {
  return (view, value) => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, 16);
    bytes.fill(0).set(nameBytes(value).subarray(0, 16));
  };
}

/** Sixteen hexadecimal digits. */
function tag(at: number): Put<string> {
  return (view, value) => view.setBigUint64(at, BigInt(`0x${value}`), false);
}

/** A number, or one of `names`. */
function type(at: number, names: readonly string[]): Put<number | string> {
  return (view, value) => {
    const number = typeof value === "string" ? names.indexOf(value) : value;
    if (number < 0) throw new RangeError(`Cannot set type: no type ${value}`);
    view.setUint32(at, number, true);
  };
}

export const MAP_LAYOUT = {
  type: type(0, MAP_TYPES),
  keySize: u32(8),
  valueSize: u32(12),
  maxEntries: u32(16),
  flags: u32(20),
  name: name16(24),
  ifindex: u32(40),
  btfId: u32(64),
  extra: u64(80),
} as const;

export const PROGRAM_LAYOUT = {
  type: type(0, PROG_TYPES),
  tag: tag(8),
  jitedBytes: u32(16),
  xlatedBytes: u32(20),
  loadTimeNs: u64(40),
  createdByUid: u32(48),
  name: name16(64),
  ifindex: u32(80),
  btfId: u32(128),
  functionRecordBytes: u32(132),
  functionRecords: u64(136),
  functionCount: u32(144),
  runTimeNs: u64(192),
  runCount: u64(200),
  recursionMisses: u64(208),
  verifiedInstructions: u32(216),
  attachBtfObjectId: u32(220),
  attachBtfId: u32(224),
} as const;

export const BTF_LAYOUT = { sizeBytes: u32(8), kernelBtf: u32(28) } as const;

const LINK_COMMON = { type: type(0, LINK_TYPES), programId: u32(8) } as const;

/** By bpftool's name of the link's type; a type that is not here has the common part alone. */
const LINK_DETAIL = {
  raw_tracepoint: { cookie: u64(32) },
  tracing: {
    attachType: u32(16),
    targetObjectId: u32(20),
    targetBtfId: u32(24),
  },
  cgroup: { cgroupId: u64(16), attachType: u32(24) },
  iter: { mapId: u32(32) },
  netns: { netnsInode: u32(16), attachType: u32(20) },
  xdp: { ifindex: u32(16) },
  perf_event: { perfType: u32(16), offset: u32(36) },
  kprobe_multi: { count: u32(24), flags: u32(28), missed: u64(32) },
  struct_ops: { mapId: u32(16) },
  netfilter: { family: u32(16), hook: u32(20), priority: s32(24) },
  tcx: { ifindex: u32(16), attachType: u32(20) },
  uprobe_multi: { count: u32(52), flags: u32(56), pid: u32(60) },
  netkit: { ifindex: u32(16), attachType: u32(20) },
  sockmap: { mapId: u32(16), attachType: u32(20) },
} as const;

type KeysOf<T> = T extends unknown ? keyof T : never;
/** Every field of some type of link. */
export type LinkField = KeysOf<(typeof LINK_DETAIL)[keyof typeof LINK_DETAIL]>;
/** A link's values; one that its type does not have is refused. */
export type LinkLayout =
  & typeof LINK_COMMON
  & Readonly<Record<LinkField, Put<number | bigint>>>;

const LAYOUT_BY_LINK_TYPE = new Map<string, Layout>(
  Object.entries(LINK_DETAIL).map((
    [name, detail],
  ) => [name, { ...LINK_COMMON, ...detail }]),
);

/** The layout of a link of this type, a number or bpftool's name. */
export function linkLayout(linkType: number | string): LinkLayout {
  const name = typeof linkType === "number" ? LINK_TYPES[linkType] : linkType;
  return (LAYOUT_BY_LINK_TYPE.get(name ?? "") ?? LINK_COMMON) as LinkLayout;
}

/** Where a link's info has the pointer to its name and the name's length; undefined where its type has none. */
export function linkNameAt(
  view: DataView,
):
  | { pointer: number; length: number; tooLong: "ENOSPC" | "ENAMETOOLONG" }
  | undefined {
  switch (LINK_TYPES[view.getUint32(0, true)]) {
    case "raw_tracepoint":
    case "iter":
      return { pointer: 16, length: 24, tooLong: "ENOSPC" };
    case "perf_event": {
      const perfType = view.getUint32(16, true);
      // 1-5: uprobe, uretprobe, kprobe, kretprobe, tracepoint. 6 is a hardware or software event, without a name.
      return perfType >= 1 && perfType <= 5
        ? { pointer: 24, length: 32, tooLong: "ENOSPC" }
        : undefined;
    }
    case "uprobe_multi":
      return { pointer: 16, length: 48, tooLong: "ENAMETOOLONG" };
    default:
      return undefined;
  }
}

/** Bytes of each struct on 6.18. */
export const INFO_BYTES_6_18 = {
  map: 104,
  program: 232,
  link: 64,
  btf: 32,
} as const;
/** Bytes of `union bpf_attr` on 6.18. */
export const ATTR_BYTES_6_18 = 168;
