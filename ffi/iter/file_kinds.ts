/**
 * Owns the finding of how the kernel tells one kind of open file, and of pin, from another: by addresses of its own, which are learnt
 * from descriptors of ours, for no symbol of data can be relied on. In: a port, the kernel's BTF. Out: the addresses, constant
 * until the next boot; or why there are none. Needs CAP_BPF and CAP_PERFMON.
 * Source: kernel/bpf/syscall.c bpf_map_fops, kernel/bpf/inode.c bpf_inode_type().
 * @module
 */
import { createMap, loadBtf, loadProgram } from "../bpf.ts";
import { Assembler } from "../asm/assemble.ts";
import type { Btf } from "../btf/btf.ts";
import { errnoName } from "../errno.ts";
import { Fd } from "../fd.ts";
import { MAP_TYPES, PROG_TYPES } from "../names.ts";
import type { KernelPort } from "../port.ts";
import { Emitter, OBJECT, SCRATCH_BYTES } from "./emitter.ts";
import { CONTEXT, ifOwn, load, ownProcess, write } from "./file_parts.ts";
import { openProgram } from "./open.ts";
import type { PinPlace } from "./pins.ts";
import { iterationsOf, IteratorSession } from "./session.ts";
import { instructionsOf } from "../instructions.ts";

/** What an open file may hold. */
export type FileKind = "map" | "program" | "link" | "btf" | "perf_event";

/** What a pin may be of. */
export type PinKind = "map" | "program" | "link";

/** Addresses by kind; a kind without one cannot be told here. */
export interface FileKinds {
  /** Of the function that closes it (`f_op->release`): links have more than one table of functions, and one such. */
  readonly release: Partial<Readonly<Record<FileKind, bigint>>>;
  /** Of the inode's table of functions (`i_op`). */
  readonly inode: Partial<Readonly<Record<PinKind, bigint>>>;
}

const RECORD_BYTES = 24;
/** `struct perf_event_attr` of 5.8 and before. Source: include/uapi/linux/perf_event.h. */
const PERF_ATTR_BYTES = 64;
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_DUMMY = 9;

/** Answers one sentence where they cannot be learnt. */
export function learnFileKinds(
  kernel: KernelPort,
  btf: Btf,
  pins: PinPlace,
): FileKinds | string {
  const opened = openProgram(kernel, btf, {
    name: "bpfpulse_calf",
    target: "task_file",
    optional: [],
    ...ownProcess(kernel),
    compile: (form) => compileCalibration(btf, form),
  });
  if (typeof opened === "string") return opened;
  using stack = new DisposableStack();
  const keep = (answer: number) =>
    answer < 0 ? undefined : stack.use(new Fd(kernel, answer)).number;
  const link = keep(opened.linkFd);
  const map = keep(createOwnMap(kernel));
  const program = keep(loadOwnProgram(kernel));
  const fds: Partial<Record<FileKind, number | undefined>> = {
    link,
    map,
    program,
    btf: keep(loadOwnBtf(kernel)),
    perf_event: keep(openOwnEvent(kernel)),
  };
  const placeOf = (fd: number | undefined) =>
    fd === undefined ? undefined : keep(pins.pin(fd));
  const places = {
    link: placeOf(link),
    map: placeOf(map),
    program: placeOf(program),
  };
  const session = new IteratorSession(
    kernel,
    iterationsOf(kernel, opened),
    RECORD_BYTES,
  );
  const failure = session.run();
  if (failure !== undefined) {
    return `${failure.call} failed: ${errnoName(failure.errno)}`;
  }
  const rows = new Map<number, DataView>();
  for (let i = 0; i < session.count; i++) {
    const view = session.view(i);
    rows.set(view.getUint32(0, true), view);
  }
  const release = addresses(fds, rows, 8);
  if (release.map === undefined || release.program === undefined) {
    return "own descriptors are not among the open files";
  }
  return { release, inode: addresses(places, rows, 16) };
}

/** Those that are not 0 and not the same as another's, which would tell nothing. */
function addresses<K extends string>(
  fds: Readonly<Partial<Record<K, number | undefined>>>,
  rows: ReadonlyMap<number, DataView>,
  offset: number,
): Partial<Record<K, bigint>> {
  const found: Partial<Record<K, bigint>> = {};
  for (const kind in fds) {
    const fd = fds[kind];
    const address = fd === undefined
      ? undefined
      : rows.get(fd)?.getBigUint64(offset, true);
    if (!address || Object.values(found).includes(address)) continue;
    found[kind] = address;
  }
  return found;
}

function compileCalibration(btf: Btf, form: "typed" | "probe") {
  const asm = new Assembler();
  const emit = (object: string) =>
    new Emitter(asm, btf, form, object, -RECORD_BYTES - SCRATCH_BYTES);
  const file = emit("file");
  asm.move("r6", "r1");
  ifOwn(emit("task_struct"), "end");
  load(file, "file").jump(OBJECT, "==", 0, "end")
    .load(4, "r0", "r6", file.place([CONTEXT, "fd"]).offset)
    .store(4, "r10", -24, "r0").store(4, "r10", -20, 0);
  file.value([["file", "f_op"], ["file_operations", "release"]]);
  asm.store(8, "r10", -16, "r0");
  file.address([["file", "f_inode"], ["inode", "i_op"]]);
  asm.store(8, "r10", -8, "r0");
  write(file, RECORD_BYTES);
  asm.label("end").move("r0", 0).exit();
  return {
    code: asm.assemble(),
    recordBytes: RECORD_BYTES,
    fields: [],
    absent: {},
  };
}

function createOwnMap(kernel: KernelPort): number {
  return createMap(kernel, {
    type: MAP_TYPES.indexOf("array"),
    keyBytes: 4,
    valueBytes: 8,
    maxEntries: 1,
    name: "bpfpulse_cal",
  });
}

function loadOwnProgram(kernel: KernelPort): number {
  const code = new Assembler().move("r0", 0).exit().assemble();
  return loadProgram(kernel, {
    type: PROG_TYPES.indexOf("socket_filter"),
    ...instructionsOf(kernel, code),
    name: "bpfpulse_cal",
  });
}

/** One integer, `u`. Source: Documentation/bpf/btf.rst. */
function loadOwnBtf(kernel: KernelPort): number {
  const header = [0x0001_eb9f, 24, 0, 16, 16, 3];
  const integer = [1, 1 << 24, 4, 32];
  const size = (header.length + integer.length) * 4 + 3;
  const buffer = kernel.allocate(size);
  buffer.words.set([...header, ...integer]);
  buffer.bytes[size - 2] = "u".charCodeAt(0);
  return loadBtf(kernel, buffer, size);
}

function openOwnEvent(kernel: KernelPort): number {
  const attr = kernel.allocate(PERF_ATTR_BYTES);
  attr.words[0] = PERF_TYPE_SOFTWARE;
  attr.words[1] = PERF_ATTR_BYTES;
  attr.words[2] = PERF_COUNT_SW_DUMMY;
  return kernel.openPerfEvent(attr, 0, -1);
}
