/**
 * Owns the encoding of bpf(2)'s attributes: one typed function per command. In: a port and plain values. Out: what the
 * kernel answered, as a number that is `-errno` when it failed; nothing throws. Each call is made with the exact size of its
 * attribute, for an older kernel refuses (E2BIG) and every kernel checks (EINVAL) bytes beyond what the command uses.
 * Source: kernel/bpf/syscall.c, `union bpf_attr` in include/uapi/linux/bpf.h.
 * @module
 */
import { EAGAIN, EINTR, EINVAL } from "./errno.ts";
import type { KernelBuffer, KernelPort } from "./port.ts";
import { BPF } from "./uapi.ts";

/** A kind of object that has ids. */
export type ObjectKind = "map" | "program" | "link" | "btf";

const NEXT_ID = {
  map: BPF.MAP_GET_NEXT_ID,
  program: BPF.PROG_GET_NEXT_ID,
  link: BPF.LINK_GET_NEXT_ID,
  btf: BPF.BTF_GET_NEXT_ID,
} as const;

const FD_BY_ID = {
  map: BPF.MAP_GET_FD_BY_ID,
  program: BPF.PROG_GET_FD_BY_ID,
  link: BPF.LINK_GET_FD_BY_ID,
  btf: BPF.BTF_GET_FD_BY_ID,
} as const;

/** `enum bpf_attach_type`, of programs that run where a function ends, and of iterators. */
export const TRACE_FEXIT = 25;
export const TRACE_ITER = 28;
/** `enum bpf_prog_type` of programs that are attached to functions of the kernel, iterators among them. */
export const TRACING = 26;

/** One attribute serves every call of a thread: calls are synchronous, and the kernel keeps no reference. */
const attr = new Uint8Array(256);
const words = new Uint32Array(attr.buffer);
const encoder = new TextEncoder();

/** A signal may interrupt a call for ever only in theory; past this many times EINTR is the answer. */
const MAX_INTERRUPTIONS = 8;

function call(kernel: KernelPort, command: number, size: number): number {
  let result = kernel.bpf(command, attr, size);
  for (let i = 0; result === -EINTR && i < MAX_INTERRUPTIONS; i++) {
    result = kernel.bpf(command, attr, size);
  }
  return result;
}

/** The command's name as the kernel's headers have it, for messages. */
export function nextIdCall(kind: ObjectKind): string {
  return `BPF_${kind === "program" ? "PROG" : kind.toUpperCase()}_GET_NEXT_ID`;
}

/**
 * The smallest id above `after`, or -ENOENT at the end. Needs CAP_SYS_ADMIN (-EPERM). Since 4.13 (map, program), 5.4 (btf),
 * 5.8 (link); -EINVAL before.
 */
export function nextObjectId(
  kernel: KernelPort,
  kind: ObjectKind,
  after: number,
): number {
  words[0] = after;
  words[1] = 0;
  const result = call(kernel, NEXT_ID[kind], 8);
  return result < 0 ? result : words[1];
}

/** A new descriptor of object `id`, or -ENOENT when there is no such object any more. Needs CAP_SYS_ADMIN. */
export function openObject(
  kernel: KernelPort,
  kind: ObjectKind,
  id: number,
): number {
  words[0] = id;
  return call(kernel, FD_BY_ID[kind], 4);
}

/**
 * Has the kernel fill `info` with its `struct bpf_*_info`. Answers how many bytes this kernel filled, at most `size`.
 * What `info` holds beforehand is input: zero it but for what the kind of object asks for.
 */
export function objectInfo(
  kernel: KernelPort,
  fd: number,
  info: KernelBuffer,
  size: number,
): number {
  words[0] = fd;
  words[1] = size;
  words[2] = info.addressLow;
  words[3] = info.addressHigh;
  const result = call(kernel, BPF.OBJ_GET_INFO_BY_FD, 16);
  return result < 0 ? result : words[1];
}

/**
 * A descriptor that keeps run-time statistics of all programs on until it is closed, by whatever way its process ends.
 * Needs CAP_SYS_ADMIN. Since 5.8.
 */
export function enableRunTimeStats(kernel: KernelPort): number {
  words[0] = 0; // BPF_STATS_RUN_TIME
  return call(kernel, BPF.ENABLE_STATS, 4);
}

/** No kernel has such statistics. */
const NO_STATS_TYPE = 0xffff_ffff;

/**
 * What enableRunTimeStats() would answer, 0 in place of a descriptor; switches nothing on. Privilege is asked for before the type is
 * looked at (kernel/bpf/syscall.c bpf_enable_stats()), and BPF_ITER_CREATE is of the same kernel, 5.8.
 */
export function mayEnableRunTimeStats(kernel: KernelPort): number {
  words[0] = NO_STATS_TYPE;
  const answer = call(kernel, BPF.ENABLE_STATS, 4);
  if (answer !== -EINVAL) return answer;
  return createIterator(kernel, -1) === -EINVAL ? -EINVAL : 0;
}

/** Up to `btf_vmlinux_value_type_id`. */
const MAP_CREATE_BYTES = 64;

/** What BPF_MAP_CREATE is given. */
export interface MapSpec {
  /** `enum bpf_map_type` */
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
  /** `BPF_F_*` */
  readonly flags?: number;
  /** Of the map whose likes a map of maps holds. */
  readonly innerMapFd?: number;
  /** Of a BTF object whose type 1 describes key and value, unless `kernelValueType` does. */
  readonly btfFd?: number;
  /** BTF id of the kernel's struct that a struct_ops map holds. */
  readonly kernelValueType?: number;
  /** at most 15 bytes of `[A-Za-z0-9_.]` */
  readonly name: string;
}

/** Elements of a hash map are allocated one by one, as they come. */
export const BPF_F_NO_PREALLOC = 1;

/** A descriptor of a new map, or -errno. Needs CAP_BPF where unprivileged bpf() is off. */
export function createMap(kernel: KernelPort, spec: MapSpec): number {
  attr.fill(0, 0, MAP_CREATE_BYTES);
  words[0] = spec.type;
  words[1] = spec.keyBytes;
  words[2] = spec.valueBytes;
  words[3] = spec.maxEntries;
  words[4] = spec.flags ?? 0;
  words[5] = spec.innerMapFd ?? 0;
  encoder.encodeInto(spec.name, attr.subarray(28, 43));
  if (spec.btfFd === undefined) return call(kernel, BPF.MAP_CREATE, 48);
  words[12] = spec.btfFd;
  words[13] = words[14] = spec.kernelValueType === undefined ? 1 : 0;
  words[15] = spec.kernelValueType ?? 0;
  return call(kernel, BPF.MAP_CREATE, MAP_CREATE_BYTES);
}

/** A descriptor of a new BTF object, or -errno. Needs CAP_BPF where unprivileged bpf() is off. Since 4.18. */
export function loadBtf(
  kernel: KernelPort,
  bytes: KernelBuffer,
  size: number,
): number {
  attr.fill(0, 0, 28);
  words[0] = bytes.addressLow;
  words[1] = bytes.addressHigh;
  words[4] = size;
  return call(kernel, BPF.BTF_LOAD, 28);
}

/** Sets the element of a map at `key`, or adds one to a map that has no keys: 0 or -errno. */
export function updateElement(
  kernel: KernelPort,
  mapFd: number,
  key: KernelBuffer | undefined,
  value: KernelBuffer,
): number {
  attr.fill(0, 0, 32);
  words[0] = mapFd;
  words[2] = key?.addressLow ?? 0;
  words[3] = key?.addressHigh ?? 0;
  words[4] = value.addressLow;
  words[5] = value.addressHigh;
  return call(kernel, BPF.MAP_UPDATE_ELEM, 32);
}

/** What BPF_PROG_LOAD is given; the licence is GPL's. */
export interface ProgramSpec {
  /** `enum bpf_prog_type` */
  readonly type: number;
  /** `struct bpf_insn`, 8 bytes each */
  readonly instructions: KernelBuffer;
  readonly instructionCount: number;
  /** at most 15 bytes of `[A-Za-z0-9_.]` */
  readonly name?: string;
  /** `enum bpf_attach_type` */
  readonly expectedAttachType?: number;
  readonly attachBtfId?: number;
  /** What its functions are, where helpers call some of them. */
  readonly functions?: ProgramFunctions;
  /** Where the verifier writes what it thinks, as C text; a log that is longer fails the call with -ENOSPC. */
  readonly log?: VerifierLog;
}

/** Since 5.0. */
export interface ProgramFunctions {
  /** Of a loaded BTF object, needed until the program is loaded. */
  readonly btfFd: number;
  /** `struct bpf_func_info`: for each function, the main one first, its first slot and its type there. */
  readonly info: KernelBuffer;
  readonly count: number;
}

/** A place for the verifier's log. */
export interface VerifierLog {
  readonly buffer: KernelBuffer;
  /** 1: what it refuses, with the way there; 2: every instruction that it looks at. */
  readonly level: 1 | 2;
}

/** A descriptor of the loaded program. -EACCES or -EINVAL when the verifier refuses it. Needs CAP_BPF, and more by type. */
export function loadProgram(kernel: KernelPort, spec: ProgramSpec): number {
  const licence = kernel.allocate(4);
  encoder.encodeInto("GPL\0", licence.bytes);
  attr.fill(0, 0, 120);
  words[0] = spec.type;
  words[1] = spec.instructionCount;
  words[2] = spec.instructions.addressLow;
  words[3] = spec.instructions.addressHigh;
  words[4] = licence.addressLow;
  words[5] = licence.addressHigh;
  if (spec.log !== undefined) {
    const { buffer, level } = spec.log;
    words[6] = level;
    words[7] = buffer.bytes.length;
    words[8] = buffer.addressLow;
    words[9] = buffer.addressHigh;
  }
  encoder.encodeInto(spec.name ?? "", attr.subarray(48, 63));
  words[17] = spec.expectedAttachType ?? 0;
  if (spec.functions !== undefined) {
    const { btfFd, info, count } = spec.functions;
    words[18] = btfFd;
    words[19] = 8;
    words[20] = info.addressLow;
    words[21] = info.addressHigh;
    words[22] = count;
  }
  words[27] = spec.attachBtfId ?? 0;
  let result = call(kernel, BPF.PROG_LOAD, 120);
  // The verifier gives up when a signal comes in, as a profiler's do.
  for (let i = 0; result === -EAGAIN && i < MAX_INTERRUPTIONS; i++) {
    result = call(kernel, BPF.PROG_LOAD, 120);
  }
  return result;
}

/** Runs a program `repeat` times on `input` (at least 14 bytes for a packet program). 0, or -errno. Since 4.12. */
export function testRunProgram(
  kernel: KernelPort,
  fd: number,
  input: KernelBuffer,
  inputSize: number,
  repeat: number,
): number {
  attr.fill(0, 0, 48);
  words[0] = fd;
  words[2] = inputSize;
  words[4] = input.addressLow;
  words[5] = input.addressHigh;
  words[8] = repeat;
  return call(kernel, BPF.PROG_TEST_RUN, 48);
}

/** The same, for its time: ns that a run took on average, a whole number as the kernel reckons it, or -errno. */
export function timeTestRun(
  kernel: KernelPort,
  fd: number,
  input: KernelBuffer,
  inputSize: number,
  repeat: number,
): number {
  const result = testRunProgram(kernel, fd, input, inputSize, repeat);
  return result < 0 ? result : words[9];
}

/** Reads the element of a map at `key` into `value`: 0 or -errno, -ENOENT where there is none. */
export function lookUpElement(
  kernel: KernelPort,
  mapFd: number,
  key: KernelBuffer,
  value: KernelBuffer,
): number {
  attr.fill(0, 0, 32);
  words[0] = mapFd;
  words[2] = key.addressLow;
  words[3] = key.addressHigh;
  words[4] = value.addressLow;
  words[5] = value.addressHigh;
  return call(kernel, BPF.MAP_LOOKUP_ELEM, 32);
}

/**
 * Attaches a program that was loaded for one function, or one tracepoint by its BTF: a descriptor of the link, or -errno. It is
 * attached until the last descriptor of it is closed. Since 5.5. On 5.10 it needs CAP_BPF where unprivileged bpf() is off; on
 * 6.1 and later it needs nothing.
 */
export function attachTracing(kernel: KernelPort, programFd: number): number {
  attr.fill(0, 0, 16);
  words[2] = programFd;
  return call(kernel, BPF.RAW_TRACEPOINT_OPEN, 12);
}

/** What an iterator's link is limited to: `union bpf_iter_link_info`, in the first `sizeBytes` of the buffer. */
export interface IteratorLimits {
  readonly buffer: KernelBuffer;
  readonly sizeBytes: number;
}

/** A descriptor of a link that holds an iterator program, or -errno. Needs CAP_BPF and CAP_PERFMON. Since 5.8; limits since 5.9. */
export function createIteratorLink(
  kernel: KernelPort,
  programFd: number,
  limits?: IteratorLimits,
): number {
  words[0] = programFd;
  words[1] = 0;
  words[2] = TRACE_ITER;
  words[3] = 0;
  if (limits === undefined) return call(kernel, BPF.LINK_CREATE, 16);
  words[4] = limits.buffer.addressLow;
  words[5] = limits.buffer.addressHigh;
  words[6] = limits.sizeBytes;
  return call(kernel, BPF.LINK_CREATE, 28);
}

/**
 * A descriptor of one iteration, or -errno: read() gives what the program writes, and 0 at the end. It cannot be rewound.
 * Since 5.8. On 5.10 it needs CAP_BPF where unprivileged bpf() is off; on 6.1 and later it needs nothing.
 */
export function createIterator(kernel: KernelPort, linkFd: number): number {
  words[0] = linkFd;
  words[1] = 0;
  return call(kernel, BPF.ITER_CREATE, 8);
}

/**
 * Pins what `fd` refers to at an absolute path in a bpffs: 0 or -errno, -EPERM where the path is in no bpffs. Since 4.4, links
 * since 5.7. Needs write permission for the directory, and CAP_BPF where unprivileged bpf() is off.
 */
export function pinObject(
  kernel: KernelPort,
  fd: number,
  path: string,
): number {
  const text = kernel.allocate(path.length * 3 + 1);
  encoder.encodeInto(path, text.bytes);
  words[0] = text.addressLow;
  words[1] = text.addressHigh;
  words[2] = fd;
  words[3] = 0;
  return call(kernel, BPF.OBJ_PIN, 16);
}
