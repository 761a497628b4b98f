/**
 * Owns what all programs over open files share: their context, and how they tell the reading process from others. In: an emitter.
 * Out: instructions. r6 is the context.
 * Source: kernel/bpf/task_iter.c `struct bpf_iter__task_file`.
 * @module
 */
import type { Assembler } from "../asm/assemble.ts";
import type { IteratorLimits } from "../bpf.ts";
import type { KernelPort } from "../port.ts";
import { readText } from "../procfs.ts";
import { type Emitter, OBJECT } from "./emitter.ts";

export const CONTEXT = "bpf_iter__task_file";

const SEQ_WRITE = 127;
const GET_CURRENT_PID_TGID = 14;
/** `union bpf_iter_link_info` whose `task` is tid, pid, pid_fd. */
const LIMIT_BYTES = 16;
const PID_OFFSET = 4;

/** Leaves a member of the context in OBJECT; 0 at the end of the iteration. */
export function load(
  emit: Emitter,
  member: "file" | "task",
): Assembler {
  const { offset } = emit.place([CONTEXT, member]);
  return emit.asm.load(8, OBJECT, "r6", offset);
}

/** Leaves in r9 the reading process, as the initial pid namespace numbers it. */
export function loadReader({ asm }: Emitter): void {
  asm.call(GET_CURRENT_PID_TGID).alu64("r0", ">>=", 32).move("r9", "r0");
}

/** Goes on where the file is the reading process's, else to `label`. @param emit of `task_struct` */
export function ifOwn(emit: Emitter, label: string): void {
  loadReader(emit);
  load(emit, "task").jump(OBJECT, "==", 0, label);
  emit.value([["task_struct", "tgid"]]);
  emit.asm.jump("r0", "!=", "r9", label);
}

/** Writes the record at the end of the stack. */
export function write(emit: Emitter, bytes: number): void {
  loadSequence(emit, "r1");
  emit.asm.move("r2", "r10").alu64("r2", "+=", -bytes)
    .move("r3", bytes).call(SEQ_WRITE);
}

/** Leaves the place where records are gathered in a register. The context of every iterator begins with `meta`. */
export function loadSequence(emit: Emitter, into: "r1"): Assembler {
  const { offset } = emit.place(["bpf_iter_meta", "seq"]);
  return emit.asm.load(8, into, "r6", 0).load(8, into, into, offset);
}

/** Has an iteration go over the calling process alone, where /proc tells which that is. Since 6.1. */
export function ownProcess(kernel: KernelPort): { limits?: IteratorLimits } {
  const [pid] = readText(kernel, "/proc/self/stat")?.match(/^\d+/) ?? [];
  if (pid === undefined) return {};
  const buffer = kernel.allocate(LIMIT_BYTES);
  buffer.view.setUint32(PID_OFFSET, Number(pid), true);
  return { limits: { buffer, sizeBytes: LIMIT_BYTES } };
}
