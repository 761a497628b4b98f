/**
 * Owns how each hook tells a call of bpf() to a program: which one it is, where its attribute is, how it ended. In: an emitter, the
 * hook. Out: instructions that leave that in one form for all hooks, and pass over everything else as soon as they can.
 * Source: arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h, kernel/trace/bpf_trace.c bpf_get_func_ret().
 * @module
 */
import type { Btf } from "../btf/btf.ts";
import { Absent, type Emitter } from "../iter/emitter.ts";
import type { Step } from "../iter/table.ts";

/**
 * Where programs can be attached, the best first. `fentry` costs only who calls bpf(), `tracepoint` every system call. Both run where a
 * call ends, and a kernel that preempts itself skips runs of theirs: while a thread waits in the middle of one, all others on that CPU.
 * Of all that runs at a call only LSM programs have no such guard, and they run where it begins: with `lsm` they count operations on
 * maps, whose end does not matter, and `fentry` what is left, loads and failures.
 */
export const HOOKS = ["lsm", "fentry", "tracepoint"] as const;
export type Hook = typeof HOOKS[number];

/** When a program runs; `check` is where security modules are asked. */
export type Moment = "enter" | "exit" | "check";

export const BPF_FUNCTION = "__sys_bpf";
/** Since 5.7; it runs where `bpf` is among the active security modules. */
export const LSM_FUNCTION = "bpf_lsm_bpf";
export const TRACEPOINTS: Readonly<Record<"enter" | "exit", string>> = {
  enter: "btf_trace_sys_enter",
  exit: "btf_trace_sys_exit",
};

const GET_FUNC_RET = 184;
/** Second word of `bpfptr_t`: the attribute is the kernel's own. */
const IS_KERNEL = 1;

interface Registers {
  readonly number: Step;
  readonly bpf: number;
  readonly arguments: readonly Step[];
  /** Set in a thread that makes the call by another table of numbers. */
  readonly otherTable: { readonly of: Step; readonly bit: number };
}

/** Where a system call's number and arguments are, also when it ends. */
const REGISTERS: Readonly<Record<typeof Deno.build.arch, Registers>> = {
  x86_64: {
    number: ["pt_regs", "orig_ax"],
    bpf: 321,
    arguments: [["pt_regs", "di"], ["pt_regs", "si"]],
    otherTable: { of: ["task_struct", "thread_info.status"], bit: 0x2 },
  },
  aarch64: {
    number: ["pt_regs", "syscallno"],
    bpf: 280,
    arguments: [["pt_regs", "orig_x0"], ["pt_regs", "regs[1]"]],
    otherTable: { of: ["task_struct", "thread_info.flags"], bit: 1 << 22 },
  },
};

/** On the stack, from r10. */
export interface EntryPlaces {
  /** 8 bytes: the address of the attribute. */
  readonly attr: number;
  /** 8 bytes: 1 where that is the kernel's own memory. */
  readonly isKernel: number;
  /** 8 bytes, for the result. */
  readonly result: number;
}

/** Type that the program is attached to. @throws {Absent} */
export function attachTypeId(btf: Btf, hook: Hook, moment: Moment): number {
  const isFunction = hook !== "tracepoint" || moment === "check";
  const name = moment === "check"
    ? LSM_FUNCTION
    : isFunction
    ? BPF_FUNCTION
    : TRACEPOINTS[moment];
  const id = isFunction ? btf.functionId(name) : btf.typedefId(name);
  if (id === undefined) throw new Absent(`this kernel has no ${name}`);
  return id;
}

/** Leaves the command in r9; goes to `end` for what is no call of bpf(). r6 is the context. */
export function loadCommand(
  emit: Emitter,
  hook: Hook,
  end: string,
): void {
  const { asm } = emit;
  if (hook !== "tracepoint") {
    asm.load(8, "r9", "r6", 0).alu32("r9", "=", "r9");
    return;
  }
  const { number, bpf, arguments: [command] } = REGISTERS[Deno.build.arch];
  asm.load(8, "r8", "r6", 0)
    .load(4, "r0", "r8", emit.place(number).offset)
    .jump("r0", "!=", bpf, end)
    .load(4, "r9", "r8", emit.place(command).offset);
}

/** Goes to `end` where a thread of 32 bits makes another call by the same number. @param task OBJECT is the current thread */
export function leaveOtherTable(task: Emitter, hook: Hook, end: string): void {
  if (hook !== "tracepoint") return;
  const { otherTable: { of, bit } } = REGISTERS[Deno.build.arch];
  task.value([of]);
  task.asm.jump("r0", "&", bit, end);
}

/** Behind loadCommand(): leaves the address of the attribute on the stack, and the result in r8, in 32 bits. */
export function loadCall(
  emit: Emitter,
  hook: Hook,
  at: EntryPlaces,
): void {
  const { asm } = emit;
  if (hook !== "tracepoint") {
    asm.load(8, "r0", "r6", 8).store(8, "r10", at.attr, "r0")
      .load(8, "r0", "r6", 16).alu64("r0", "&=", IS_KERNEL)
      .store(8, "r10", at.isKernel, "r0")
      .move("r1", "r6").move("r2", "r10").alu64("r2", "+=", at.result)
      .call(GET_FUNC_RET)
      .load(4, "r8", "r10", at.result);
    return;
  }
  const { arguments: [, attr] } = REGISTERS[Deno.build.arch];
  asm.load(8, "r0", "r8", emit.place(attr).offset)
    .store(8, "r10", at.attr, "r0")
    .store(8, "r10", at.isKernel, 0)
    .load(8, "r8", "r6", 8);
}

/** The same where security modules are asked: the attribute is the kernel's copy, there is no result yet. */
export function loadChecked({ asm }: Emitter, at: EntryPlaces): void {
  asm.load(8, "r0", "r6", 8).store(8, "r10", at.attr, "r0")
    .store(8, "r10", at.isKernel, IS_KERNEL);
}
