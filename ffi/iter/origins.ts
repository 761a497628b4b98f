/**
 * Owns how each origin of a field becomes instructions. In: an emitter, a field, where it goes on the stack. Out: instructions;
 * an Absent error where this kernel lacks what the field is made of. r8 and r9 are theirs while one field is written (r9 is
 * the selector's in tables that have one).
 * @module
 */
import { type Emitter, widthOf } from "./emitter.ts";
import type { PerCpu } from "./per_cpu.ts";
import { writeSums } from "./sums.ts";
import type { Origin, RecordField } from "./table.ts";

type From<K extends string> = Extract<Origin, Record<K, unknown>>;

/** @throws {Absent} */
export function writeField(
  emit: Emitter,
  { size, from, onlyIf }: RecordField,
  at: number,
  perCpu: PerCpu,
): void {
  const end = emit.fresh();
  if (onlyIf !== undefined) {
    emit.bits(onlyIf.bits);
    emit.asm.jump("r0", onlyIf.areSet ? "==" : "!=", 0, end);
  }
  writeOrigin(emit, size, from, at, perCpu);
  if (onlyIf !== undefined) emit.asm.label(end);
}

function writeOrigin(
  emit: Emitter,
  size: number,
  from: Origin,
  at: number,
  perCpu: PerCpu,
): void {
  if ("bits" in from) {
    emit.bits(from.bits);
    emit.asm.store(4, "r10", at, "r0");
  } else if ("ways" in from) writeValue(emit, from, at, size);
  else if ("text" in from) {
    emit.address(from.text);
    emit.text(at, size);
  } else if ("sum" in from) {
    writeSums(emit, [{ member: from.sum, at }], from.perCpu, perCpu);
  } else if ("call" in from) {
    emit.callFor(from.call);
    emit.asm.store(8, "r10", at, "r0");
  } else if ("ring" in from) writeRing(emit, from, at);
  else if ("total" in from) writeTotal(emit, from, at);
  else writeFunctionName(emit, at, size);
}

function writeValue(
  emit: Emitter,
  { ways, shift, mask }: From<"ways">,
  at: number,
  size: number,
): void {
  const way = ways.find((one) => emit.has(one)) ?? ways[0];
  if (size > 8) return emit.copy(way, at, size);
  emit.value(way);
  if (shift !== undefined) {
    emit.asm.alu64("r0", shift < 0 ? ">>=" : "<<=", Math.abs(shift));
  }
  if (mask !== undefined) emit.asm.alu32("r0", "&=", mask);
  emit.asm.store(widthOf(size), "r10", at, "r0");
}

function writeRing(emit: Emitter, { ring }: From<"ring">, at: number): void {
  const { asm } = emit;
  const end = emit.fresh();
  emit.value([ring.head]);
  asm.move("r8", "r0");
  emit.value([ring.tail]);
  asm.alu64("r8", "-=", "r0").jump("r8", "s>=", 0, end);
  emit.value([ring.size]);
  asm.alu64("r8", "+=", "r0").label(end).store(8, "r10", at, "r8");
}

function writeTotal(
  emit: Emitter,
  { total, array, count, most, otherwise }: From<"total">,
  at: number,
): void {
  const { asm } = emit;
  const [again, end] = [emit.fresh(), emit.fresh()];
  const { offset, size } = emit.place(total);
  emit.value(otherwise);
  asm.store(4, "r10", at, "r0");
  emit.value(count);
  asm.move("r9", "r0")
    // The verifier counts down with us, so it must know between what we begin. Before 6.8 it learns nothing from `!=`.
    .jump("r9", "<", 1, end)
    .jump("r9", ">", most, end)
    .store(4, "r10", at, 0);
  emit.address(array);
  asm.move("r8", "r0").label(again).move("r1", "r8");
  emit.peek(8, 0);
  asm.move("r1", "r0");
  emit.peek(widthOf(size), offset);
  asm.load(4, "r1", "r10", at).alu64("r0", "+=", "r1")
    .store(4, "r10", at, "r0")
    .alu64("r8", "+=", 8).alu64("r9", "-=", 1)
    .jump("r9", ">", 0, again).label(end);
}

/** func_info[0] says which type the main function is, btf->types where that type is, and it where in btf->strings its name is. */
function writeFunctionName(emit: Emitter, at: number, size: number): void {
  const { asm } = emit;
  const end = emit.fresh();
  const aux = ["bpf_prog", "aux"] as const;
  const btf = ["bpf_prog_aux", "btf"] as const;
  emit.address([aux, ["bpf_prog_aux", "func_info"]]);
  asm.move("r1", "r0");
  emit.peek(4, emit.place(["bpf_func_info", "type_id"]).offset);
  // A fault reads 0: there is no func_info.
  asm.jump("r0", "==", 0, end).move("r8", "r0").alu64("r8", "<<=", 3);
  emit.address([aux, btf, ["btf", "types"]]);
  asm.alu64("r0", "+=", "r8").move("r1", "r0");
  emit.peek(8, 0);
  asm.move("r1", "r0");
  emit.peek(4, emit.place(["btf_type", "name_off"]).offset);
  asm.move("r8", "r0");
  emit.address([aux, btf, ["btf", "strings"]]);
  asm.alu64("r0", "+=", "r8");
  emit.text(at, size);
  asm.label(end);
}
