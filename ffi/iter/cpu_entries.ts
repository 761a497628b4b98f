/**
 * Owns the program that tells how many entries of each map each CPU counted. In: the kernel's BTF, where the memory of each CPU begins.
 * Out: a plan of a program that writes a record for each CPU of each map whose entries are counted so.
 * Source: include/linux/bpf.h bpf_map.elem_count, kernel/bpf/map_iter.c bpf_map_sum_elem_count(). Since 6.6.
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import type { Btf } from "../btf/btf.ts";
import type { KernelPort } from "../port.ts";
import type { Compiled } from "./compile.ts";
import {
  CPU_ENTRIES_RECORD,
  type CpuEntriesIterator,
} from "./cpu_entries_record.ts";
import { Absent, Emitter, OBJECT, SCRATCH_BYTES } from "./emitter.ts";
import { write } from "./file_parts.ts";
import { type IteratorPlan, openProgram } from "./open.ts";
import type { PerCpu } from "./per_cpu.ts";
import { pinned, type PinPlace } from "./pins.ts";
import type { Form } from "./table.ts";

/** Came with the counters. */
const SUM = "bpf_map_sum_elem_count";

/** Answers one sentence where this kernel has no such counters. Needs CAP_BPF and CAP_PERFMON. */
export function openCpuEntries(
  kernel: KernelPort,
  btf: Btf,
  perCpu: PerCpu,
  pins: PinPlace,
): CpuEntriesIterator | string {
  // Late releases of 6.1 have the member, and count nothing there.
  if (btf.functionId(SUM) === undefined) {
    return `this kernel has no ${SUM}(), which is there since 6.6`;
  }
  const opened = pinned(openProgram(kernel, btf, planOf(btf, perCpu)), pins);
  return typeof opened === "string"
    ? opened
    : { ...opened, cpus: perCpu.bases.length };
}

function planOf(btf: Btf, perCpu: PerCpu): IteratorPlan {
  return {
    name: "bpfpulse_cpus",
    target: "bpf_map",
    optional: [],
    compile: (form) => compileCpuEntries(btf, perCpu, form),
  };
}

function compileCpuEntries(
  btf: Btf,
  { bases, mapFd }: PerCpu,
  form: Form,
): Compiled {
  if (bases.length === 0) {
    throw new Absent("where the memory of each CPU begins is not known");
  }
  const { bytes, mapId, cpu, count } = CPU_ENTRIES_RECORD;
  const asm = new Assembler();
  const emit = new Emitter(asm, btf, form, "bpf_map", -bytes - SCRATCH_BYTES);
  asm.move("r6", "r1")
    .load(8, OBJECT, "r1", emit.place(["bpf_iter__bpf_map", "map"]).offset)
    .jump(OBJECT, "==", 0, "end");
  emit.address([["bpf_map", "elem_count"]]);
  asm.move("r8", "r0").jump("r8", "==", 0, "end");
  emit.value([["bpf_map", "id"]]);
  asm.store(4, "r10", mapId - bytes, "r0");
  const writeOne = () => {
    asm.alu64("r1", "+=", "r8");
    emit.peek(8, 0);
    asm.store(8, "r10", count - bytes, "r0");
    write(emit, bytes);
  };
  if (mapFd === undefined) {
    bases.forEach((base, index) => {
      asm.store(4, "r10", cpu - bytes, index).immediate64("r1", base);
      writeOne();
    });
  } else {
    asm.move("r9", 0).label("next")
      .store(4, "r10", cpu - bytes, "r9")
      .mapValue("r1", mapFd, 0)
      .move("r2", "r9").alu64("r2", "<<=", 3).alu64("r1", "+=", "r2")
      .load(8, "r1", "r1", 0);
    writeOne();
    asm.alu64("r9", "+=", 1).jump("r9", "!=", bases.length, "next");
  }
  asm.label("end").move("r0", 0).exit();
  return {
    code: asm.assemble(),
    recordBytes: bytes,
    fields: ["count"],
    absent: {},
  };
}
