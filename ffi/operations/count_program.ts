/**
 * Owns the programs that count bpf() operations: one notes when loads begin, one adds to a row where a call ends, one where it
 * begins. In: the kernel's BTF, a hook, the maps. Out: instructions. Nothing is told as an event, so that nothing is lost at any
 * rate.
 * Source: kernel/bpf/syscall.c __sys_bpf(); include/linux/fdtable.h `struct files_struct`, `struct fdtable`.
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import type { Btf } from "../btf/btf.ts";
import { Emitter, OBJECT, SCRATCH_BYTES } from "../iter/emitter.ts";
import type { Form, Step, Way } from "../iter/table.ts";
import { BPF } from "../uapi.ts";
import {
  BPF_FUNCTION,
  type Hook,
  leaveOtherTable,
  loadCall,
  loadChecked,
  loadCommand,
  LSM_FUNCTION,
  TRACEPOINTS,
} from "./entry.ts";
import {
  ATTACH_COMMANDS,
  LOAD_BOUNDS_US,
  MAP_OPERATIONS,
  type OperationMaps,
  ROW,
  STATE,
  UNTIMED_BUCKET,
} from "./layout.ts";

const HELPER = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  map_delete_elem: 3,
  ktime_get_ns: 5,
  get_current_pid_tgid: 14,
  get_current_task: 35,
  probe_read_user: 112,
  probe_read_kernel: 113,
  get_current_task_btf: 158,
} as const;
const BPF_ANY = 0;
const BPF_NOEXIST = 1;
const MAX_ERRNO = 4095;
const NS_PER_US = 1_000;
const FIRST_BATCH: number = BPF.MAP_LOOKUP_BATCH;
/** Of `map_fd` in `union bpf_attr`. */
const FD_OFFSET = 0;
const BATCH_FD_OFFSET = 36;

/** On the stack, from r10. Key and value of a row lie as in ROW. */
const AT = {
  row: -ROW.bytes,
  value: -ROW.bytes + ROW.keyBytes,
  attr: -ROW.bytes - 8,
  isKernel: -ROW.bytes - 16,
  result: -ROW.bytes - 24,
  thread: -ROW.bytes - 32,
  fd: -ROW.bytes - 40,
  scratch: -ROW.bytes - 40 - SCRATCH_BYTES,
} as const;

const FDTABLE: readonly Step[] = [
  ["task_struct", "files"],
  ["files_struct", "fdt"],
];
const LEADER: Step = ["task_struct", "group_leader"];
const CGROUP_ID: Way = [
  ["task_struct", "cgroups"],
  ["css_set", "dfl_cgrp"],
  ["cgroup", "kn"],
  ["kernfs_node", "id"],
];

/** What Btf.scan() is to look for. */
export const OPERATION_TYPES = {
  structs: [
    "bpf_map",
    "bpf_prog_stats",
    "cgroup",
    "css_set",
    "fdtable",
    "file",
    "file_operations",
    "files_struct",
    "kernfs_node",
    "pt_regs",
    "task_struct",
  ],
  functions: [BPF_FUNCTION, LSM_FUNCTION, "bpf_rdonly_cast"],
  typedefs: Object.values(TRACEPOINTS),
} as const;

/** What the programs are made of. */
export interface CountParts {
  readonly btf: Btf;
  readonly hook: Hook;
  readonly form: Form;
  readonly maps: OperationMaps;
  /** `f_op->release` of maps' descriptors. */
  readonly mapRelease: bigint;
}

/** Notes when a load begins. @throws {Absent} */
export function compileEnter(parts: CountParts): Uint8Array<ArrayBuffer> {
  const { asm, task } = begin(parts);
  asm.jump("r9", "!=", BPF.PROG_LOAD, "end");
  loadTask(parts.form, asm);
  leaveOtherTable(task, parts.hook, "end");
  asm.call(HELPER.get_current_pid_tgid).store(8, "r10", AT.thread, "r0")
    .call(HELPER.ktime_get_ns).store(8, "r10", AT.result, "r0")
    .mapFd("r1", parts.maps.starts);
  address(asm, "r2", AT.thread);
  address(asm, "r3", AT.result);
  asm.move("r4", BPF_ANY).call(HELPER.map_update_elem);
  return asm.label("end").move("r0", 0).exit().assemble();
}

/** Counts an operation where it ends: any, or loads and failures alone where another program counts those on maps. @throws {Absent} */
export function compileExit(parts: CountParts): Uint8Array<ArrayBuffer> {
  const { hook, form } = parts;
  const withMaps = hook !== "lsm";
  const { asm, task } = begin(parts);
  if (!withMaps) {
    for (const command of [BPF.PROG_LOAD, ...ATTACH_COMMANDS]) {
      asm.jump("r9", "==", command, "rare");
    }
    asm.goto("end").label("rare");
  }
  loadCall(task, hook, AT);
  asm.alu32("r8", "=", "r8").jump32("r8", "s<", 0, "failed")
    .move("r8", 0)
    .label("failed").negate32("r8");
  asm.jump("r8", "<=", MAX_ERRNO, "ended").move("r8", 0).label("ended");
  beginRow(asm);
  if (withMaps) jumpByKind(asm);
  asm.jump("r9", "==", BPF.PROG_LOAD, "load")
    .jump("r8", "==", 0, "end");
  for (const command of ATTACH_COMMANDS) {
    asm.jump("r9", "==", command, "attach");
  }
  asm.goto("end");
  if (withMaps) {
    loadDescriptorPlace(asm);
    loadTask(form, asm);
    leaveOtherTable(task, hook, "end");
    writeMapId(parts, task, "count");
    asm.goto("count");
  }
  asm.label("load");
  loadTask(form, asm);
  leaveOtherTable(task, hook, "end");
  writeBucket(asm, parts.maps);
  asm.goto("count").label("attach");
  loadTask(form, asm);
  leaveOtherTable(task, hook, "end");
  asm.label("count");
  addToRow(parts, task);
  return asm.label("end").move("r0", 0).exit().assemble();
}

/** Counts an operation on a map where it begins; one on a descriptor of no map is none. It refuses nothing. @throws {Absent} */
export function compileCheck(parts: CountParts): Uint8Array<ArrayBuffer> {
  const { asm, task } = begin(parts);
  loadChecked(task, AT);
  asm.move("r8", 0);
  beginRow(asm);
  jumpByKind(asm);
  asm.goto("end");
  loadDescriptorPlace(asm);
  loadTask(parts.form, asm);
  writeMapId(parts, task, "end");
  addToRow(parts, task);
  return asm.label("end").move("r0", 0).exit().assemble();
}

/** In r9 the command, in r8 the errno. */
function beginRow(asm: Assembler): void {
  asm.store(4, "r10", AT.row + ROW.errno, "r8")
    .store(4, "r10", AT.row + ROW.command, "r9")
    .store(4, "r10", AT.row + ROW.mapId, 0)
    .store(8, "r10", AT.row + ROW.sumNs, 0)
    .store(8, "r10", AT.row + ROW.cgroupId, 0);
}

/** Goes to `element` or `batch` for operations on maps. */
function jumpByKind(asm: Assembler): void {
  for (const command of Object.keys(MAP_OPERATIONS).map(Number)) {
    asm.jump("r9", "==", command, command < FIRST_BATCH ? "element" : "batch");
  }
}

/** From `element` and `batch` on: in r9, where in the attribute the descriptor is. */
function loadDescriptorPlace(asm: Assembler): void {
  asm.label("batch").move("r9", BATCH_FD_OFFSET).goto("operation")
    .label("element").move("r9", FD_OFFSET)
    .label("operation");
}

function begin({ btf, hook, form }: CountParts) {
  const asm = new Assembler();
  const task = new Emitter(asm, btf, form, "task_struct", AT.scratch);
  asm.move("r6", "r1");
  loadCommand(task, hook, "end");
  return { asm, task };
}

/** In OBJECT, the current thread. */
function loadTask(form: Form, asm: Assembler): void {
  asm.call(
    form === "typed" ? HELPER.get_current_task_btf : HELPER.get_current_task,
  ).move(OBJECT, "r0");
}

/** Of the map whose descriptor is r9 bytes into the attribute; goes to `none` where that is none. */
function writeMapId(
  { btf, form, mapRelease }: CountParts,
  task: Emitter,
  none: string,
) {
  const { asm } = task;
  address(asm, "r1", AT.fd);
  asm.move("r2", 4)
    .load(8, "r3", "r10", AT.attr).alu64("r3", "+=", "r9")
    .load(8, "r0", "r10", AT.isKernel)
    .jump("r0", "!=", 0, "of the kernel")
    .call(HELPER.probe_read_user).goto("read")
    .label("of the kernel").call(HELPER.probe_read_kernel)
    .label("read").jump("r0", "!=", 0, none)
    .load(4, "r9", "r10", AT.fd);
  task.value([...FDTABLE, ["fdtable", "max_fds"]]);
  asm.alu32("r0", "=", "r0").jump("r9", ">=", "r0", none);
  task.address([...FDTABLE, ["fdtable", "fd"]]);
  asm.alu64("r9", "<<=", 3).move("r1", "r0").alu64("r1", "+=", "r9");
  task.peek(8, 0);
  asm.jump("r0", "==", 0, none).move("r1", "r0");
  const viewed = task.view("file");
  asm.move(OBJECT, viewed ? "r0" : "r1");
  const file = new Emitter(
    asm,
    btf,
    viewed ? form : "probe",
    "file",
    AT.scratch,
  );
  file.value([["file", "f_op"], ["file_operations", "release"]]);
  asm.immediate64("r1", mapRelease).jump("r0", "!=", "r1", none);
  file.value([["file", "private_data"], ["bpf_map", "id", ""]]);
  asm.store(4, "r10", AT.row + ROW.mapId, "r0");
}

/** By how long a load took; the sum with it. */
function writeBucket(asm: Assembler, { starts }: OperationMaps): void {
  const last = LOAD_BOUNDS_US.length;
  asm.store(4, "r10", AT.row + ROW.mapId, UNTIMED_BUCKET)
    .call(HELPER.get_current_pid_tgid).store(8, "r10", AT.thread, "r0")
    .mapFd("r1", starts);
  address(asm, "r2", AT.thread);
  asm.call(HELPER.map_lookup_elem).jump("r0", "==", 0, "count")
    .load(8, "r9", "r0", 0)
    .mapFd("r1", starts);
  address(asm, "r2", AT.thread);
  asm.call(HELPER.map_delete_elem)
    .call(HELPER.ktime_get_ns).alu64("r0", "-=", "r9")
    .store(8, "r10", AT.row + ROW.sumNs, "r0")
    .alu64("r0", "/=", NS_PER_US);
  LOAD_BOUNDS_US.forEach((bound, i) => {
    asm.move("r1", i).jump("r0", "<", bound, "bucket");
  });
  asm.move("r1", last)
    .label("bucket").store(4, "r10", AT.row + ROW.mapId, "r1");
}

/** The row whose key is on the stack, and 0 or more ns; makes it where there is none yet. */
function addToRow({ maps, form }: CountParts, task: Emitter): void {
  const { asm } = task;
  const find = (none: string) => {
    asm.mapFd("r1", maps.rows);
    address(asm, "r2", AT.row);
    asm.call(HELPER.map_lookup_elem).jump("r0", "==", 0, none);
  };
  asm.call(HELPER.get_current_pid_tgid).alu64("r0", ">>=", 32)
    .store(4, "r10", AT.row + ROW.pid, "r0")
    .mapValue("r1", maps.state, STATE.half)
    .load(4, "r0", "r1", 0)
    .load(4, "r1", "r10", AT.row + ROW.command).alu64("r1", "|=", "r0")
    .store(4, "r10", AT.row + ROW.command, "r1");
  find("make");
  asm.label("add")
    .move("r1", 1).addAtomic64("r0", ROW.count - ROW.keyBytes, "r1")
    .load(8, "r1", "r10", AT.row + ROW.sumNs)
    .jump("r1", "==", 0, "end")
    .addAtomic64("r0", ROW.sumNs - ROW.keyBytes, "r1")
    .goto("end")
    .label("make");
  loadTask(form, asm);
  asm.store(8, "r10", AT.row + ROW.count, 1);
  task.value([LEADER, ["task_struct", "start_boottime"]]);
  asm.store(8, "r10", AT.row + ROW.startNs, "r0");
  task.copy(
    [LEADER, ["task_struct", "comm"]],
    AT.row + ROW.comm.offset,
    ROW.comm.size,
  );
  if (task.has(CGROUP_ID)) {
    task.value(CGROUP_ID);
    asm.store(8, "r10", AT.row + ROW.cgroupId, "r0");
  }
  asm.mapFd("r1", maps.rows);
  address(asm, "r2", AT.row);
  address(asm, "r3", AT.value);
  asm.move("r4", BPF_NOEXIST).call(HELPER.map_update_elem)
    .jump("r0", "==", 0, "end");
  // Another thread of the process made it at the same moment, or there is no room.
  find("lost");
  asm.goto("add")
    .label("lost").mapValue("r1", maps.state, STATE.lost)
    .move("r2", 1).addAtomic64("r1", 0, "r2");
}

function address(asm: Assembler, into: "r1" | "r2" | "r3", at: number): void {
  asm.move(into, "r10").alu64(into, "+=", at);
}
