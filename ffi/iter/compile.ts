/**
 * Owns the making of an iterator program out of a field table. In: the table, the kernel's BTF, the form to take, and which
 * fields to leave out. Out: instructions, and where in a record each field is that this kernel has.
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import type { Btf } from "../btf/btf.ts";
import { touchAhead } from "./ahead.ts";
import { skipBelow } from "./bound.ts";
import { Absent, Emitter, OBJECT, SCRATCH_BYTES, widthOf } from "./emitter.ts";
import { writeField } from "./origins.ts";
import type { PerCpu } from "./per_cpu.ts";
import { writeSums } from "./sums.ts";
import type { Form, Origin, RecordField, RecordTable } from "./table.ts";

const SEQ_WRITE = 127;

/** Beside the table's own. */
export interface CompileOptions {
  readonly form: Form;
  /** Names of fields to do without. */
  readonly without: ReadonlySet<string>;
  readonly perCpu: PerCpu;
  /** Of an AheadMap, for tables that touch ahead; form `typed` alone can. */
  readonly aheadFd?: number | undefined;
  /** As makeBound() made it, for tables that have a bound. */
  readonly boundFd?: number | undefined;
}

export interface Compiled {
  readonly code: Uint8Array<ArrayBuffer>;
  /** A multiple of 8. */
  readonly recordBytes: number;
  /** Names of the fields that are written. */
  readonly fields: readonly string[];
  /** Field by field, why it is not. */
  readonly absent: Readonly<Record<string, string>>;
  /** Of the options, where the program has the bound. */
  readonly boundFd?: number;
}

/** @throws {Absent} where the kernel lacks what a required field is made of. */
export function compile(
  btf: Btf,
  table: RecordTable,
  options: CompileOptions,
): Compiled {
  const { fields, absent } = fieldsHere(btf, table, options);
  const end = Math.max(...fields.map(({ offset, size }) => offset + size));
  const recordBytes = Math.ceil(end / 8) * 8;
  const asm = new Assembler();
  const [object, member] = table.object;
  const emit = new Emitter(
    asm,
    btf,
    options.form,
    object,
    -recordBytes - SCRATCH_BYTES,
  );
  const context = `bpf_iter__${table.target}`;
  asm.move("r6", "r1")
    .load(8, OBJECT, "r1", emit.place([context, member]).offset)
    .jump(OBJECT, "==", 0, "end");
  const { boundFd } = options;
  const isBound = table.boundBy !== undefined && boundFd !== undefined;
  if (isBound) skipBelow(emit, boundFd, table.boundBy, "end");
  for (const at of gaps(fields, recordBytes)) {
    const isAbsent = fields.some(({ offset, unsetIsAbsent }) =>
      unsetIsAbsent && offset === at
    );
    asm.store(8, "r10", at - recordBytes, isAbsent ? -1 : 0);
  }
  if (table.selector !== undefined) {
    emit.value(table.selector);
    asm.move("r9", "r0");
  }
  let when: number | undefined;
  let skip = "";
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (field.when !== when) {
      if (when !== undefined) asm.goto("write").label(skip);
      when = field.when;
      skip = emit.fresh();
      if (when !== undefined) asm.jump("r9", "!=", when, skip);
    }
    const sums = sumsFrom(fields, i);
    if (sums.length > 0) {
      writeSums(
        emit,
        sums.map(({ offset, from }) => ({
          member: from.sum,
          at: offset - recordBytes,
        })),
        sums[0].from.perCpu,
        options.perCpu,
      );
      i += sums.length - 1;
    } else writeField(emit, field, field.offset - recordBytes, options.perCpu);
  }
  if (when !== undefined) asm.label(skip);
  if (table.onlyWith !== undefined) {
    for (const { name, offset, size } of fields) {
      if (!table.onlyWith.includes(name)) continue;
      asm.load(size > 8 ? 1 : widthOf(size), "r0", "r10", offset - recordBytes)
        .jump("r0", "!=", 0, "write");
    }
    asm.goto("end");
  }
  asm.label("write")
    .load(8, "r1", "r6", emit.place([context, "meta"]).offset)
    .load(8, "r1", "r1", emit.place(["bpf_iter_meta", "seq"]).offset)
    .move("r2", "r10").alu64("r2", "+=", -recordBytes)
    .move("r3", recordBytes).call(SEQ_WRITE);
  const { form, aheadFd } = options;
  if (table.ahead !== undefined && aheadFd !== undefined && form === "typed") {
    touchAhead(emit, aheadFd, {
      object: table.object,
      meta: [context, "meta"],
      ways: table.ahead,
      end: "end",
    });
  }
  asm
    // 1 would ask for the same object again.
    .label("end").move("r0", 0).exit();
  return {
    code: asm.assemble(),
    recordBytes,
    fields: fields.map(({ name }) => name),
    absent,
    ...(isBound ? { boundFd } : {}),
  };
}

type SumField = RecordField & {
  readonly from: Extract<Origin, { sum: unknown }>;
};

/** The fields from index `start` on that are sums over one per-CPU struct, none where the first is not. */
function sumsFrom(fields: readonly RecordField[], start: number): SumField[] {
  const sums: SumField[] = [];
  for (const field of fields.slice(start)) {
    if (!isSum(field)) break;
    const [first = field] = sums;
    if (field.from.perCpu !== first.from.perCpu || field.when !== first.when) {
      break;
    }
    sums.push(field);
  }
  return sums;
}

function isSum(field: RecordField): field is SumField {
  return "sum" in field.from;
}

/** Tries each field alone: what cannot be emitted is absent. */
function fieldsHere(
  btf: Btf,
  table: RecordTable,
  { form, without, perCpu }: CompileOptions,
): { fields: RecordField[]; absent: Record<string, string> } {
  const absent: Record<string, string> = {};
  const fields: RecordField[] = [];
  const emit = new Emitter(
    new Assembler(),
    btf,
    form,
    table.object[0],
    -SCRATCH_BYTES,
  );
  for (const field of table.fields) {
    const { name, insteadOf, besides } = field;
    if (insteadOf !== undefined && absent[insteadOf] === undefined) continue;
    if (besides !== undefined && absent[besides] !== undefined) {
      absent[name] = absent[besides];
      continue;
    }
    if (without.has(name)) {
      absent[name] = "the verifier refuses it";
      continue;
    }
    try {
      writeField(emit, field, 0, perCpu);
      fields.push(field);
    } catch (error) {
      if (!(error instanceof Absent) || field.required) throw error;
      absent[name] = error.message;
    }
  }
  return { fields, absent };
}

/** Words of 8 bytes that are not filled whole whatever the object is. */
function gaps(fields: readonly RecordField[], recordBytes: number): number[] {
  const filled = new Uint8Array(recordBytes);
  for (const { offset, size, when, from } of fields) {
    // A text ends before its field does, and what was on the stack must not go out.
    if (when === undefined && !("text" in from || "functionName" in from)) {
      filled.fill(1, offset, offset + size);
    }
  }
  const words: number[] = [];
  for (let at = 0; at < recordBytes; at += 8) {
    if (filled.subarray(at, at + 8).includes(0)) words.push(at);
  }
  return words;
}
