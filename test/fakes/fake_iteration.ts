/**
 * Owns how the fake kernel iterates: LINK_CREATE, ITER_CREATE and the reading of an iteration. In: objects, and a program that names
 * its table. Out: records as that table lays them out, of the fields that this kernel's BTF has. No instruction is run: of the
 * program only the length of its records is taken. Source: kernel/bpf/bpf_iter.c.
 * @module
 */
import { Btf } from "../../ffi/btf/btf.ts";
import { FunctionNames } from "../../ffi/btf/function_names.ts";
import { EBADF, EINVAL } from "../../ffi/errno.ts";
import { compile } from "../../ffi/iter/compile.ts";
import { LINK_HEAD_BYTES } from "../../ffi/iter/link_table.ts";
import { MAP_HEAD_BYTES } from "../../ffi/iter/map_table.ts";
import { PROGRAM_HEAD_BYTES } from "../../ffi/iter/program_table.ts";
import type { RecordField } from "../../ffi/iter/table.ts";
import { BTF_INFO, LINK_INFO, MAP_INFO, PROG_INFO } from "../../ffi/uapi.ts";
import { TABLES, WANTED } from "./fake_btf.ts";
import type { Attribute, KernelState } from "./fake_commands.ts";
import { objectOf, openNew } from "./fake_create.ts";
import { FakeObject } from "./fake_objects.ts";
import { linkLayout } from "./info_layouts.ts";

const ITER = 28;
/** The kernel gathers 8 pages at most for one read(). */
const READ_BYTES = 8 * 4096;
const KINDS = {
  bpf_map: { kind: "map", headBytes: MAP_HEAD_BYTES },
  bpf_prog: { kind: "program", headBytes: PROGRAM_HEAD_BYTES },
  bpf_link: { kind: "link", headBytes: LINK_HEAD_BYTES },
} as const;
/** Words at which links have the place that they may lose, by type. */
const PLACE_OFFSETS: Readonly<Record<string, number>> = {
  cgroup: LINK_INFO.cgroup.cgroup_id.offset,
  netns: LINK_INFO.netns.netns_ino.offset,
  xdp: LINK_INFO.xdp.ifindex.offset,
  tcx: LINK_INFO.tcx.ifindex.offset,
  netkit: LINK_INFO.netkit.ifindex.offset,
  sockmap: LINK_INFO.sockmap.map_id.offset,
};
/** Members of `struct btf`, where its info has them. */
const BTF_OFFSETS: Readonly<Record<string, number>> = {
  id: BTF_INFO.id.offset,
  data_size: BTF_INFO.btf_size.offset,
  kernel_btf: BTF_INFO.kernel_btf.offset,
};
/** `attach_btf_obj_id` of a program, which the agent does not ask for. */
const ATTACH_BTF_OBJECT = 220;
/** A made-up per-CPU pointer, and how far CPUs are from it. */
const PER_CPU_POINTER = 0x1000n;

/** BPF_LINK_CREATE, for iterators alone. */
export function createLink(
  state: KernelState,
  { view }: Attribute,
): number {
  const program = objectOf(state, view.getUint32(0, true), "program");
  if (typeof program === "number") return program;
  const target = targetOf(state, program);
  if (view.getUint32(8, true) !== ITER || target === undefined) return -EINVAL;
  const link = new FakeObject(
    "link",
    state.tables.link.freeId(),
    linkLayout("iter"),
  ).named(target).update({ type: "iter", programId: program.id });
  const fd = openNew(state, link);
  if (fd >= 0) {
    program.references++;
    link.holds.push(program);
  }
  return fd;
}

/** BPF_ITER_CREATE. */
export function createIterator(
  state: KernelState,
  { view }: Attribute,
): number {
  const link = objectOf(state, view.getUint32(0, true), "link");
  if (typeof link === "number") return link === -EBADF ? -EBADF : -EINVAL;
  return openIteration(state, link);
}

/** A descriptor of a new iteration of `link`, or -errno. */
export function openIteration(state: KernelState, link: FakeObject): number {
  const [program] = link.holds;
  const target = program === undefined ? undefined : targetOf(state, program);
  if (target === undefined) return -EINVAL;
  return state.fds.open({
    kind: "iteration",
    read: iteration(state, program, target),
  });
}

/** The iterator that a program is for, as `bpf_map`. */
function targetOf(
  { kernelBtf }: KernelState,
  program: FakeObject,
): keyof typeof KINDS | undefined {
  if (kernelBtf === undefined) return undefined;
  const { offset } = PROG_INFO.attach_btf_id;
  const name = new FunctionNames(kernelBtf)
    .get(program.view.getUint32(offset, true))?.replace(/^bpf_iter_/, "");
  return name === "bpf_map" || name === "bpf_prog" || name === "bpf_link"
    ? name
    : undefined;
}

function iteration(
  state: KernelState,
  program: FakeObject,
  target: keyof typeof KINDS,
): (into: Uint8Array) => number {
  const name = PROG_INFO.name.get(program.view, PROG_INFO.name.offset);
  const table = TABLES.find((one) => one.name === name);
  if (table === undefined) return calibration(state);
  using btf = Btf.scan(state.kernelBtf?.slice() ?? new Uint8Array(), WANTED);
  const { fields } = compile(btf, table, {
    form: "typed",
    without: state.refusedFields,
    perCpu: { bases: [0n] },
  });
  const written = table.fields.filter((field) => fields.includes(field.name));
  const { kind, headBytes } = KINDS[target];
  const bytes = recordBytes(program.code);
  let last = 0;
  return (into) => {
    let filled = 0;
    const room = Math.min(into.length, READ_BYTES);
    while (filled + bytes <= room) {
      const id = state.tables[kind].idAfter(last);
      if (id === undefined) break;
      last = id;
      const object = state.tables[kind].get(id);
      if (object === undefined) continue;
      if (object.vanishes) {
        state.forget(object);
        continue;
      }
      const record = into.subarray(filled, filled + bytes).fill(0);
      for (const { unsetIsAbsent, offset, size } of written) {
        if (unsetIsAbsent) record.fill(0xff, offset, offset + size);
      }
      for (const field of written) {
        if (table.onlyWith === undefined) {
          put(state, record, object, field, headBytes);
        } else putBtf(state, record, object, field);
      }
      // Whose record is all 0 has none.
      if (table.onlyWith === undefined || record.some((byte) => byte !== 0)) {
        filled += bytes;
      }
    }
    return filled;
  };
}

/** Where each CPU's memory begins, as CPU n at n MiB. */
function calibration(state: KernelState): (into: Uint8Array) => number {
  const addresses = BigUint64Array.from(
    [0n, ...Array.from({ length: state.cpus }, (_, cpu) => BigInt(cpu) << 20n)],
    (base) => base + PER_CPU_POINTER,
  );
  let rest = new Uint8Array(addresses.buffer);
  return (into) => {
    into.set(rest);
    const { length } = rest;
    rest = new Uint8Array(0);
    return length;
  };
}

/** r3 of the call of bpf_seq_write(). */
function recordBytes(code: Uint8Array): number {
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  let length = 0;
  for (let at = 0; at < code.length; at += 8) {
    const immediate = view.getInt32(at + 4, true);
    if (code[at] === 0xb7 && code[at + 1] === 3) length = immediate;
    if (code[at] === 0x85 && immediate === 127) return length;
  }
  throw new RangeError("Cannot iterate: the program writes nothing");
}

function put(
  state: KernelState,
  record: Uint8Array,
  object: FakeObject,
  { name, offset, size, when }: RecordField,
  headBytes: number,
): void {
  if (when !== undefined && object.view.getUint32(0, true) !== when) return;
  const copy = (from: number) =>
    record.set(object.info.subarray(from, from + size), offset);
  const [, member = name] = name.split(".");
  // The fake kernel's maps have no entries, and its memory is not accounted.
  if (name === "pages" || name === "charged" || name.startsWith("detail.")) {
    return;
  }
  if (name.startsWith("live.")) record.fill(0, offset, offset + size);
  else if (name === "cookie") {
    new DataView(record.buffer, record.byteOffset)
      .setUint32(offset, object.cookie, true);
  } else if (name === "full_name" || member === "name" && size > 16) {
    const text = name === "full_name"
      ? fullName(state, object)
      : object.outOfLineName;
    record.set(text.subarray(0, size - 1), offset);
  } else if (name.startsWith("place.")) copy(PLACE_OFFSETS[member]);
  else if (name.includes(".")) copy(offset - headBytes);
  else copy(placeOf(object, name));
}

/** A member of the BTF object that another one refers to. */
function putBtf(
  state: KernelState,
  record: Uint8Array,
  object: FakeObject,
  { name, offset, size }: RecordField,
): void {
  const [which, member] = name.split(".");
  const refers = object.kind === "map"
    ? MAP_INFO.btf_id.offset
    : which === "own"
    ? PROG_INFO.btf_id.offset
    : ATTACH_BTF_OBJECT;
  const id = object.view.getUint32(refers, true);
  const btf = state.tables.btf.get(id);
  if (btf === undefined) return;
  if (member === "name") {
    record.set(btf.outOfLineName.subarray(0, size - 1), offset);
    return;
  }
  const from = BTF_OFFSETS[member];
  record.set(btf.info.subarray(from, from + size), offset);
}

/** Where an object's info has a field of this name. */
function placeOf({ kind }: FakeObject, name: string): number {
  const layout: Readonly<Record<string, unknown>> = kind === "map"
    ? MAP_INFO
    : kind === "program"
    ? PROG_INFO
    : LINK_INFO;
  const field = layout[name];
  if (typeof field === "object" && field !== null && "offset" in field) {
    return Number(field.offset);
  }
  throw new RangeError(`Cannot iterate: ${kind}s have no ${name}`);
}

function fullName(state: KernelState, program: FakeObject): Uint8Array {
  const [typeId] = program.functionTypeIds;
  const btfId = program.view.getUint32(PROG_INFO.btf_id.offset, true);
  const btf = state.tables.btf.get(btfId);
  const name = btf === undefined || typeId === undefined
    ? undefined
    : new FunctionNames(btf.typeBytes).get(typeId);
  return new TextEncoder().encode(name ?? "");
}
