/**
 * Owns the fake kernel's commands that make objects and tie them: BPF_MAP_CREATE, BPF_PROG_LOAD, BPF_RAW_TRACEPOINT_OPEN,
 * BPF_PROG_BIND_MAP. In: the kernel's state and the decoded attribute. Out: the descriptor of a new object that lives while
 * something refers to it, or -errno. The verifier is one rule (the last instruction must be exit)
 * and what a test adds. Source: kernel/bpf/syscall.c.
 * @module
 */
import type { ObjectKind } from "../../ffi/bpf.ts";
import {
  E2BIG,
  EACCES,
  EBADF,
  EFAULT,
  EINVAL,
  ENOENT,
} from "../../ffi/errno.ts";
import { MAP_TYPES, PROG_TYPES } from "../../ffi/names.ts";
import { BTF_INFO } from "../../ffi/uapi.ts";
import type { Attribute, KernelState } from "./fake_commands.ts";
import { FakeObject } from "./fake_objects.ts";
import { linkLayout, MAP_LAYOUT, PROGRAM_LAYOUT } from "./info_layouts.ts";

const EXIT = 0x95;
const RAW_TRACEPOINT = 17;
const MAX_NAME_BYTES = 16;

export function createMap(state: KernelState, { view }: Attribute): number {
  const type = view.getUint32(0, true);
  const name = objectName(view, 28);
  if (type === 0 || type >= MAP_TYPES.length || !name) return -EINVAL;
  return openNew(
    state,
    new FakeObject("map", state.tables.map.freeId(), MAP_LAYOUT).update({
      type,
      keySize: view.getUint32(4, true),
      valueSize: view.getUint32(8, true),
      maxEntries: view.getUint32(12, true),
      flags: view.getUint32(16, true),
      name,
      ifindex: view.getUint32(44, true),
      extra: view.getBigUint64(64, true),
    }),
  );
}

export function loadProgram(state: KernelState, { view }: Attribute): number {
  const type = view.getUint32(0, true);
  const count = view.getUint32(4, true);
  const name = objectName(view, 48);
  if (count === 0) return -E2BIG;
  if (type === 0 || type >= PROG_TYPES.length || !name) return -EINVAL;
  const code = state.memory.resolve(addressAt(view, 8), count * 8);
  const licence = state.memory.string(addressAt(view, 16));
  if (!code || !licence) return -EFAULT;
  if (code[(count - 1) * 8] !== EXIT) return -EINVAL;
  const complaint = state.verifier?.(code, new TextDecoder().decode(name));
  if (complaint !== undefined) {
    const log = state.memory.resolve(addressAt(view, 32), complaint.length);
    if (view.getUint32(24, true) !== 0) {
      log?.set(new TextEncoder().encode(complaint));
    }
    return -EACCES;
  }
  const program = new FakeObject(
    "program",
    state.tables.program.freeId(),
    PROGRAM_LAYOUT,
  );
  program.code = code.slice();
  return openNew(
    state,
    program
      .update({
        type,
        name,
        tag: tagOf(code),
        xlatedBytes: code.length,
        jitedBytes: code.length * 2,
        verifiedInstructions: count,
        loadTimeNs: BigInt(Math.round(state.monotonicMs() * 1e6)),
        ifindex: view.getUint32(64, true),
        attachBtfId: view.getUint32(108, true),
        attachBtfObjectId: view.getUint32(108, true) === 0
          ? 0
          : kernelBtfId(state),
      }),
  );
}

/** Of the kernel's own type information; 0 where there is none. */
function kernelBtfId({ tables: { btf } }: KernelState): number {
  const id = btf.idAfter(0) ?? 0;
  const { offset } = BTF_INFO.kernel_btf;
  return btf.get(id)?.view.getUint32(offset, true) === 1 ? id : 0;
}

export function openRawTracepoint(
  state: KernelState,
  { view }: Attribute,
): number {
  const program = objectOf(state, view.getUint32(8, true), "program");
  if (typeof program === "number") return program;
  if (program.view.getUint32(0, true) !== RAW_TRACEPOINT) return -EINVAL;
  const name = state.memory.string(addressAt(view, 0));
  if (!name) return -EFAULT;
  if (!state.tracepoints.has(new TextDecoder().decode(name))) return -ENOENT;
  const link = new FakeObject(
    "link",
    state.tables.link.freeId(),
    linkLayout("raw_tracepoint"),
  )
    .named(name.slice())
    .update({
      type: "raw_tracepoint",
      programId: program.id,
      cookie: view.getBigUint64(16, true),
    });
  const fd = openNew(state, link);
  if (fd >= 0) {
    program.references++;
    link.holds.push(program);
  }
  return fd;
}

export function bindMap(state: KernelState, { view }: Attribute): number {
  if (view.getUint32(8, true) !== 0) return -EINVAL;
  const program = objectOf(state, view.getUint32(0, true), "program");
  if (typeof program === "number") return program;
  const map = objectOf(state, view.getUint32(4, true), "map");
  if (typeof map === "number") return map;
  if (program.mapIds.includes(map.id)) return 0;
  program.mapIds = [...program.mapIds, map.id];
  program.holds.push(map);
  map.references++;
  return 0;
}

/** The object of this kind that `fd` refers to, or -errno. */
export function objectOf(
  state: KernelState,
  fd: number,
  kind: ObjectKind,
): FakeObject | number {
  const handle = state.fds.get(fd);
  if (!handle) return -EBADF;
  return handle.kind === "object" && handle.object.kind === kind
    ? handle.object
    : -EINVAL;
}

/** A descriptor of a new object, which lives while something refers to it, or -errno. */
export function openNew(state: KernelState, object: FakeObject): number {
  object.owned = false;
  const fd = state.fds.open({ kind: "object", object });
  if (fd >= 0) state.tables[object.kind].add(object);
  return fd;
}

/** A valid name of an object, undefined for one that bpf_obj_name_cpy() refuses. */
function objectName(view: DataView, offset: number): Uint8Array | undefined {
  const field = new Uint8Array(
    view.buffer,
    view.byteOffset + offset,
    MAX_NAME_BYTES,
  );
  const end = field.indexOf(0);
  if (end < 0) return undefined;
  const name = field.slice(0, end);
  return name.every((byte) => /[A-Za-z0-9_.]/.test(String.fromCharCode(byte)))
    ? name
    : undefined;
}

/** Equal code has an equal tag; not the kernel's hash. */
function tagOf(code: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of code) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}

function addressAt(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}
