/**
 * Owns the making of programs that write which object keeps which alive: one record a reference. In: the kernel's BTF, parts that find
 * references of one kind of object. Out: plans. A part is left out where this kernel lacks what it follows, or the verifier
 * refuses it. What an object refers to is written up to EDGE_BYTES of records, for the kernel gathers no more of one object.
 * Source: kernel/bpf/bpf_iter.c bpf_seq_read().
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import type { Btf } from "../btf/btf.ts";
import type { Compiled } from "./compile.ts";
import { Absent, Emitter, OBJECT, SCRATCH_BYTES } from "./emitter.ts";
import { loadSequence, write } from "./file_parts.ts";
import {
  EDGE_RECORD_BYTES,
  HELD_TYPE,
  type HeldType,
  UNFOLLOWED,
} from "./holder_records.ts";
import type { IteratorPlan } from "./open.ts";
import type { Form, Step, Way } from "./table.ts";

/** Less than the 8 pages that a read() gathers, by what one record takes. */
const EDGE_BYTES = 30_000;
/** Two loops of the kernel's, 8 bytes each, and two values. */
const LOOP_BYTES = 32;

/** References of one kind. */
export interface EdgePart {
  readonly name: string;
  /** Only objects whose selector has this value. */
  readonly when?: number;
  /** A kernel that lacks what it follows has no such references, so that nothing is missing. */
  readonly orNone?: boolean;
  /** Stands in for a part that this kernel cannot have. */
  readonly insteadOf?: string;
  /** @throws {Absent} */
  write(writer: EdgeWriter): void;
}

/** References of one type of object. */
export interface EdgeTable {
  readonly name: string;
  readonly target: string;
  /** Member of the context that is the object, and its struct. */
  readonly object: Step;
  readonly from: HeldType;
  readonly id: Way;
  /** What `when` compares with. */
  readonly selector: Way;
  readonly parts: readonly EdgePart[];
}

export function edgePlan(btf: Btf, table: EdgeTable): IteratorPlan {
  return {
    name: table.name,
    target: table.target,
    optional: table.parts,
    compile: (form, without) => compileEdges(btf, table, form, without),
  };
}

/** What parts write with. r8 and r9 are theirs. */
export class EdgeWriter {
  readonly emit: Emitter;
  readonly asm: Assembler;
  readonly btf: Btf;
  /** Offsets from r10 of what loops keep. */
  readonly kept: Readonly<Record<"outer" | "inner" | "value" | "node", number>>;

  constructor(btf: Btf, form: Form, object: string) {
    this.asm = new Assembler();
    this.btf = btf;
    const end = -EDGE_RECORD_BYTES - LOOP_BYTES;
    this.emit = new Emitter(this.asm, btf, form, object, end - SCRATCH_BYTES);
    this.kept = {
      outer: end,
      inner: end + 8,
      value: end + 16,
      node: end + 24,
    };
  }

  /** Writes that the object with the id in r0 is kept alive; nothing for 0. */
  to(type: HeldType): void {
    const { asm } = this;
    const skip = this.emit.fresh();
    asm.jump("r0", "==", 0, skip)
      .store(4, "r10", -8, HELD_TYPE[type]).store(4, "r10", -4, "r0");
    write(this.emit, EDGE_RECORD_BYTES);
    asm.label(skip);
  }

  /** Writes that there is more of that type than was followed. */
  unfollowed(type: HeldType): void {
    this.asm.store(4, "r10", -8, UNFOLLOWED + HELD_TYPE[type]).store(
      4,
      "r10",
      -4,
      0,
    );
    write(this.emit, EDGE_RECORD_BYTES);
  }

  /** Leaves in r9 how much was gathered so far. */
  markRoom(): void {
    loadSequence(this.emit, "r1");
    this.asm.load(8, "r9", "r1", this.#gathered());
  }

  /** Goes to `label` where too much was gathered since r9 was left. */
  ifFull(label: string): void {
    loadSequence(this.emit, "r1");
    this.asm.load(8, "r1", "r1", this.#gathered()).alu64("r1", "-=", "r9")
      .jump("r1", ">", EDGE_BYTES, label);
  }

  #gathered(): number {
    return this.emit.place(["seq_file", "count"]).offset;
  }
}

function compileEdges(
  btf: Btf,
  table: EdgeTable,
  form: Form,
  without: ReadonlySet<string>,
): Compiled {
  const { parts, absent } = partsHere(btf, table, form, without);
  const writer = new EdgeWriter(btf, form, table.object[0]);
  const { asm, emit } = writer;
  const context = emit.place([`bpf_iter__${table.target}`, table.object[1]]);
  asm.move("r6", "r1").load(8, OBJECT, "r6", context.offset)
    .jump(OBJECT, "==", 0, "end");
  emit.value(table.id);
  asm.jump("r0", "==", 0, "end")
    .store(4, "r10", -16, HELD_TYPE[table.from]).store(4, "r10", -12, "r0");
  for (const part of parts) {
    const skip = emit.fresh();
    if (part.when !== undefined) {
      emit.value(table.selector);
      asm.jump("r0", "!=", part.when, skip);
    }
    part.write(writer);
    asm.label(skip);
  }
  asm.label("end").move("r0", 0).exit();
  return {
    code: asm.assemble(),
    recordBytes: EDGE_RECORD_BYTES,
    fields: parts.map(({ name }) => name),
    absent,
  };
}

/** Tries each part alone. */
function partsHere(
  btf: Btf,
  table: EdgeTable,
  form: Form,
  without: ReadonlySet<string>,
): { parts: EdgePart[]; absent: Record<string, string> } {
  const absent: Record<string, string> = {};
  const parts = table.parts.filter((part) => {
    const { name, insteadOf } = part;
    if (insteadOf !== undefined && absent[insteadOf] === undefined) {
      return false;
    }
    if (without.has(name)) {
      absent[name] = "the verifier refuses it";
      return false;
    }
    try {
      part.write(new EdgeWriter(btf, form, table.object[0]));
      return true;
    } catch (error) {
      if (!(error instanceof Absent)) throw error;
      if (part.orNone !== true) absent[name] = error.message;
      return false;
    }
  });
  if (parts.length === 0) throw new Absent("no reference can be followed");
  return { parts, absent };
}
