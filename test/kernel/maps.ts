/**
 * Owns the making of maps: one or more of every type that bpf.h knows. In: a workshop. Out: maps in it, or refusals.
 * @module
 */
import { MAP_TYPES } from "../../ffi/mod.ts";
import { Attr, bufferOf, COMMAND } from "./attr.ts";
import { BTF_INT, kernelBtf, smallBtf } from "./btf.ts";
import type { Made, Workshop } from "./workshop.ts";

/** What BPF_MAP_CREATE is given. Sizes in bytes. */
export interface MapSpec {
  /** bpftool's name, as `percpu_hash`. */
  readonly type: string;
  readonly key: number;
  readonly value: number;
  readonly max: number;
  readonly flags?: number;
  readonly name?: string;
  readonly extra?: bigint;
  readonly innerMapFd?: number;
  /** Of a loaded BTF blob; its type 1 describes key and value, unless `kernelValueType` does. */
  readonly btfFd?: number;
  /** Of the kernel's struct that a struct_ops map holds. */
  readonly kernelValueType?: number;
}

const MAP_CREATE_BYTES = 72;

/** `BPF_F_*` of BPF_MAP_CREATE. */
const FLAG = {
  NO_PREALLOC: 1 << 0,
  NO_COMMON_LRU: 1 << 1,
  RDONLY: 1 << 3,
  STACK_BUILD_ID: 1 << 5,
  RDONLY_PROG: 1 << 7,
  MMAPABLE: 1 << 10,
  INNER_MAP: 1 << 12,
  LINK: 1 << 13,
} as const;

/** Answers a descriptor, or -errno. */
export function createMap(workshop: Workshop, spec: MapSpec): number {
  const attr = new Attr(workshop.kernel, MAP_CREATE_BYTES)
    .u32(0, MAP_TYPES.indexOf(spec.type))
    .u32(4, spec.key)
    .u32(8, spec.value)
    .u32(12, spec.max)
    .u32(16, spec.flags ?? 0)
    .u32(20, spec.innerMapFd ?? 0)
    .name(28, spec.name ?? "")
    .u32(48, spec.btfFd ?? 0)
    .u32(60, spec.kernelValueType ?? 0)
    .u64(64, spec.extra ?? 0n);
  if (spec.btfFd !== undefined && spec.kernelValueType === undefined) {
    attr.u32(52, BTF_INT).u32(56, BTF_INT);
  }
  return attr.call(COMMAND.MAP_CREATE);
}

/** Writes one element; 0, or -errno. */
export function updateMap(
  workshop: Workshop,
  mapFd: number,
  key: Uint8Array,
  value: Uint8Array,
): number {
  return new Attr(workshop.kernel, 32)
    .u32(0, mapFd)
    .address(8, bufferOf(workshop.kernel, key))
    .address(16, bufferOf(workshop.kernel, value))
    .call(COMMAND.MAP_UPDATE_ELEM);
}

/** Loads `blob` as a BTF object; a descriptor, or -errno. */
export function loadBtf(workshop: Workshop, blob: Uint8Array): number {
  return new Attr(workshop.kernel, 28)
    .address(0, bufferOf(workshop.kernel, blob))
    .u32(16, blob.length)
    .call(COMMAND.BTF_LOAD);
}

/** Makes one map, kept by the workshop; undefined and a SKIP line where the kernel refuses it. */
export function makeMap(workshop: Workshop, spec: MapSpec): Made | undefined {
  const flags = spec.flags ? ` flags ${spec.flags}` : "";
  const extra = spec.extra ? ` extra ${spec.extra}` : "";
  const what = `map ${spec.type}${flags}${extra}`;
  return workshop.keep("map", what, createMap(workshop, spec));
}

/** Makes maps of every type that MAP_TYPES names, some in several ways. */
export function makeMaps(workshop: Workshop): void {
  const btf = workshop.keep(
    "btf",
    "btf of maps",
    loadBtf(workshop, smallBtf()),
  );
  const inner = makeMap(workshop, {
    ...plain("array", 4, 16, 4),
    name: "inner",
    flags: FLAG.INNER_MAP,
  });
  const specs = [
    ...plainSpecs(),
    ...storageSpecs(btf?.fd ?? 0),
    ...nestedSpecs(inner?.fd ?? 0),
  ];
  const structOps = structOpsSpec(btf?.fd ?? 0);
  if (structOps) specs.push(structOps);
  else workshop.refuse("map", "map struct_ops", "no tcp_congestion_ops in BTF");
  for (const spec of specs) makeMap(workshop, spec);

  const frozen = makeMap(workshop, { ...plain("array", 4, 8, 1), name: "ice" });
  if (frozen) {
    new Attr(workshop.kernel, 4).u32(0, frozen.fd).call(COMMAND.MAP_FREEZE);
  }
  const tried = new Set(specs.map((spec) => spec.type));
  for (const type of MAP_TYPES.slice(1)) {
    if (!tried.has(type)) makeMap(workshop, { ...plain(type, 4, 8, 4) });
  }
}

function plain(type: string, key: number, value: number, max: number): MapSpec {
  return { type, key, value, max, name: type.slice(0, 15) };
}

function plainSpecs(): MapSpec[] {
  return [
    plain("hash", 8, 24, 1000),
    { ...plain("hash", 4, 4, 7), flags: FLAG.NO_PREALLOC, name: "" },
    { ...plain("hash", 400, 4000, 3), flags: FLAG.RDONLY },
    plain("array", 4, 3, 17),
    { ...plain("array", 4, 4096, 4), flags: FLAG.MMAPABLE },
    { ...plain("array", 4, 8, 2), flags: FLAG.RDONLY_PROG },
    plain("prog_array", 4, 4, 32),
    plain("perf_event_array", 4, 4, 2),
    plain("percpu_hash", 12, 8, 64),
    plain("percpu_array", 4, 20, 5),
    plain("stack_trace", 4, 127 * 8, 16),
    {
      ...plain("stack_trace", 4, 2 * 32, 16),
      flags: FLAG.STACK_BUILD_ID,
    },
    plain("cgroup_array", 4, 4, 3),
    plain("lru_hash", 4, 8, 512),
    { ...plain("lru_hash", 4, 8, 512), flags: FLAG.NO_COMMON_LRU },
    plain("lru_percpu_hash", 4, 8, 100),
    { ...plain("lpm_trie", 8, 4, 20), flags: FLAG.NO_PREALLOC },
    plain("devmap", 4, 4, 8),
    plain("devmap_hash", 4, 8, 9),
    plain("sockmap", 4, 4, 10),
    plain("sockhash", 6, 8, 11),
    plain("cpumap", 4, 8, 2),
    plain("xskmap", 4, 4, 6),
    plain("cgroup_storage", 16, 8, 0),
    plain("percpu_cgroup_storage", 16, 8, 0),
    plain("reuseport_sockarray", 4, 8, 12),
    plain("queue", 0, 13, 14),
    plain("stack", 0, 15, 16),
    plain("ringbuf", 0, 0, 16384),
    plain("user_ringbuf", 0, 0, 4096),
    plain("bloom_filter", 0, 8, 200),
    { ...plain("bloom_filter", 0, 4, 9), extra: 3n },
    { ...plain("arena", 0, 0, 2), flags: FLAG.MMAPABLE },
    {
      ...plain("arena", 0, 0, 1),
      flags: FLAG.MMAPABLE,
      extra: 0x1000_0000_0000n,
    },
  ];
}

/** Storage that hangs on kernel objects; its key and value must have BTF. */
function storageSpecs(btfFd: number): MapSpec[] {
  return ["sk_storage", "inode_storage", "task_storage", "cgrp_storage"].map((
    type,
  ) => ({ ...plain(type, 4, 4, 0), flags: FLAG.NO_PREALLOC, btfFd }));
}

function nestedSpecs(innerMapFd: number): MapSpec[] {
  return [
    { ...plain("array_of_maps", 4, 4, 5), innerMapFd },
    { ...plain("hash_of_maps", 8, 4, 6), innerMapFd },
  ];
}

/**
 * A map that holds a TCP congestion control, to be attached by a link; undefined where the kernel has none. The kernel
 * wants some BTF beside its own.
 */
export function structOpsSpec(btfFd: number): MapSpec | undefined {
  const value = kernelBtf()?.struct("bpf_struct_ops_tcp_congestion_ops");
  return value && {
    ...plain("struct_ops", 4, value.sizeBytes, 1),
    flags: FLAG.LINK,
    kernelValueType: value.id,
    btfFd,
  };
}
