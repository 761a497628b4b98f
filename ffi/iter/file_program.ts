/**
 * Owns the two programs over open files. In: the kernel's BTF, addresses that tell kinds of files. Out: plans. One writes who holds
 * which object by descriptor, and at the end how many descriptors it looked at; the other what the reading process's O_PATH
 * descriptors of pins are of. For any other file nothing is written.
 * Source: kernel/bpf/task_iter.c; private_data of map, program, link, BTF and perf event files; kernel/bpf/inode.c bpf_mkobj_ops().
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import type { Btf } from "../btf/btf.ts";
import type { Compiled } from "./compile.ts";
import { Absent, Emitter, OBJECT, SCRATCH_BYTES } from "./emitter.ts";
import type { FileKind, FileKinds, PinKind } from "./file_kinds.ts";
import { CONTEXT, ifOwn, load, loadReader, write } from "./file_parts.ts";
import { FILE_RECORD, HELD_TYPE, PIN_RECORD } from "./holder_records.ts";
import type { IteratorPlan } from "./open.ts";
import type { Form, Step, Way } from "./table.ts";

const AUX_ID: Step = ["bpf_prog_aux", "id"];

/** From what a file or an inode refers to to an object's id. */
const IDS: Readonly<Record<FileKind, readonly Step[]>> = {
  map: [["bpf_map", "id", ""]],
  program: [["bpf_prog", "aux", ""], AUX_ID],
  link: [["bpf_link", "id", ""]],
  btf: [["btf", "id", ""]],
  perf_event: [["perf_event", "prog", ""], ["bpf_prog", "aux"], AUX_ID],
};

/** What is held by a file of a kind. */
const TYPE_OF: Readonly<Record<FileKind, number>> = {
  ...HELD_TYPE,
  perf_event: HELD_TYPE.program,
};

/** Structs that programs over files look into. */
export const FILE_STRUCTS: readonly string[] = [
  CONTEXT,
  "bpf_iter_meta",
  "bpf_prog_stats",
  "file",
  "file_operations",
  "inode",
  "inode_operations",
  "task_struct",
  "cred",
  "bpf_map",
  "bpf_prog",
  "bpf_prog_aux",
  "bpf_link",
  "btf",
  "perf_event",
];

/** Who holds what. */
export function filePlan(btf: Btf, { release }: FileKinds): IteratorPlan {
  return {
    name: "bpfpulse_file",
    target: "task_file",
    optional: Object.keys(IDS).map((name) => ({ name })),
    compile: (form, without) => compileFiles(btf, release, form, without),
  };
}

/** What the O_PATH descriptors of the reading process are of. */
export function pinPlan(
  btf: Btf,
  { inode }: FileKinds,
  limits: Pick<IteratorPlan, "limits">,
): IteratorPlan {
  return {
    name: "bpfpulse_pin",
    target: "task_file",
    optional: [],
    ...limits,
    compile: (form) => compilePins(btf, inode, form),
  };
}

function compileFiles(
  btf: Btf,
  release: FileKinds["release"],
  form: Form,
  without: ReadonlySet<string>,
): Compiled {
  const { bytes, pid, uid, startNs, comm, type, id, isOwn } = FILE_RECORD;
  const asm = new Assembler();
  const scratch = -bytes - SCRATCH_BYTES;
  const file = new Emitter(asm, btf, form, "file", scratch);
  const task = new Emitter(asm, btf, form, "task_struct", scratch);
  const put = (width: 4 | 8, at: number, value: "r0" | "r8" | "r9" | number) =>
    asm.store(width, "r10", at - bytes, value);
  asm.move("r6", "r1");
  load(file, "file").jump(OBJECT, "==", 0, "count");
  file.value([["file", "f_op"], ["file_operations", "release"]]);
  const way: Way = [["file", "private_data"]];
  const { fields, absent } = writeKinds(file, release, IDS, way, without);
  asm.jump("r9", "==", 0, "end");
  put(4, type, "r8");
  put(4, id, "r9");
  loadReader(task);
  load(task, "task").jump(OBJECT, "==", 0, "end");
  put(8, isOwn, 0);
  task.value([["task_struct", "tgid"]]);
  put(4, pid, "r0");
  asm.jump("r0", "!=", "r9", "others");
  put(4, isOwn, 1);
  asm.label("others");
  task.value([["task_struct", "cred"], ["cred", "uid.val"]]);
  put(4, uid, "r0");
  const leader: Step = ["task_struct", "group_leader"];
  task.value([leader, ["task_struct", "start_boottime"]]);
  put(8, startNs, "r0");
  task.copy(
    [leader, ["task_struct", "comm"]],
    comm.offset - bytes,
    comm.size,
  );
  asm.goto("write").label("count");
  for (let at = 0; at < bytes; at += 8) put(8, at, 0);
  put(4, type, -1);
  const { offset } = file.place(["bpf_iter_meta", "seq_num"]);
  asm.load(8, "r1", "r6", 0).load(8, "r0", "r1", offset);
  put(4, id, "r0");
  loadReader(file);
  put(4, pid, "r9");
  asm.label("write");
  write(file, bytes);
  asm.label("end").move("r0", 0).exit();
  return { code: asm.assemble(), recordBytes: bytes, fields, absent };
}

function compilePins(
  btf: Btf,
  inode: FileKinds["inode"],
  form: Form,
): Compiled {
  const { bytes, fd, type, id } = PIN_RECORD;
  const asm = new Assembler();
  const scratch = -bytes - SCRATCH_BYTES;
  const file = new Emitter(asm, btf, form, "file", scratch);
  asm.move("r6", "r1");
  ifOwn(new Emitter(asm, btf, form, "task_struct", scratch), "end");
  load(file, "file").jump(OBJECT, "==", 0, "end");
  file.address([["file", "f_inode"], ["inode", "i_op"]]);
  const kinds: Readonly<Record<PinKind, readonly Step[]>> = {
    map: IDS.map,
    program: IDS.program,
    link: IDS.link,
  };
  const { fields, absent } = writeKinds(
    file,
    inode,
    kinds,
    [["file", "f_inode"], ["inode", "i_private"]],
    new Set(),
  );
  asm.store(4, "r10", type - bytes, "r8").store(4, "r10", id - bytes, "r9")
    .store(4, "r10", -4, 0)
    .load(4, "r0", "r6", file.place([CONTEXT, "fd"]).offset)
    .store(4, "r10", fd - bytes, "r0");
  write(file, bytes);
  asm.label("end").move("r0", 0).exit();
  return { code: asm.assemble(), recordBytes: bytes, fields, absent };
}

/**
 * Compares the address in r0, and leaves the type of the object in r8 and its id in r9; goes to `end` for an address that is none
 * of a kind's. @throws {Absent} where no kind can be told
 */
function writeKinds<K extends FileKind>(
  emit: Emitter,
  addresses: Readonly<Partial<Record<K, bigint>>>,
  kinds: Readonly<Record<K, readonly Step[]>>,
  way: Way,
  without: ReadonlySet<string>,
): { fields: string[]; absent: Record<string, string> } {
  const { asm } = emit;
  const fields: K[] = [];
  const absent: Record<string, string> = {};
  for (const kind in kinds) {
    if (addresses[kind] === undefined) {
      absent[kind] = "no own descriptor of that kind could be made";
    } else if (without.has(kind)) absent[kind] = "the verifier refuses it";
    else if (!emit.has([...way, ...kinds[kind]])) {
      absent[kind] = "this kernel lacks what leads to its id";
    } else fields.push(kind);
  }
  if (fields.length === 0) throw new Absent("no kind of file can be told");
  for (const kind of fields) {
    asm.immediate64("r1", addresses[kind] ?? 0n)
      .jump("r0", "==", "r1", `is ${kind}`);
  }
  asm.goto("end");
  for (const kind of fields) {
    asm.label(`is ${kind}`);
    emit.value([...way, ...kinds[kind]]);
    asm.move("r9", "r0")
      .move("r8", TYPE_OF[kind])
      .goto("told");
  }
  asm.label("told");
  return { fields, absent };
}
