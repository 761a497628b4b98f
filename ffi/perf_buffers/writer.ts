/**
 * Owns what all parts of the perf buffers' program are written with. In: an assembler, the kernel's BTF, the form. Out: instructions that
 * move numbers between registers, the program's variables, what it keeps, and the kernel's memory.
 * @module
 */
import { Assembler } from "../asm/assemble.ts";
import type { Register, Width } from "../asm/opcode.ts";
import type { Btf } from "../btf/btf.ts";
import { Emitter, SCRATCH_BYTES, widthOf } from "../iter/emitter.ts";
import type { Form } from "../iter/table.ts";
import { VARIABLE } from "./layout.ts";

/** The program's variables. */
export const VARIABLES: Register = "r9";
/** Offset from r10 of the main function's context, for the functions that it has called. */
export const CONTEXT = -8;
/** Offset from r10 of one more number. */
export const SPARE = -16;

/** What the program's maps are. */
export interface PerfMaps {
  readonly variablesFd: number;
  readonly stateFd: number;
}

export class PerfWriter {
  readonly asm: Assembler = new Assembler();
  readonly emit: Emitter;
  readonly btf: Btf;
  readonly maps: PerfMaps;
  /** Of a page; a power of two. */
  readonly pageBytes: number;
  /** perf_event.lost_samples is there. */
  readonly isLostExact: boolean;

  constructor(btf: Btf, form: Form, maps: PerfMaps, pageBytes: number) {
    this.btf = btf;
    this.maps = maps;
    this.pageBytes = pageBytes;
    this.emit = new Emitter(
      this.asm,
      btf,
      form,
      "bpf_map",
      SPARE - SCRATCH_BYTES,
    );
    this.isLostExact = this.has("perf_event", "lost_samples");
  }

  has(struct: string, path: string): boolean {
    return this.btf.member(struct, path) !== undefined;
  }

  /** Has VARIABLES point to the variables: once a function. */
  begin(): void {
    this.asm.mapValue(VARIABLES, this.maps.variablesFd, 0);
  }

  get(into: Register, variable: number): void {
    this.asm.load(8, into, VARIABLES, variable);
  }

  set(variable: number, from: Register | number): void {
    this.asm.store(8, VARIABLES, variable, from);
  }

  /** Adds r0 to the number at `offset` from `base`. r1 is spent. */
  add(base: Register, offset: number): void {
    this.asm.load(8, "r1", base, offset).alu64("r1", "+=", "r0")
      .store(8, base, offset, "r1");
  }

  /** Leaves in r0 what is `offset` bytes behind the number in r1. */
  read(width: Width, offset: number): void {
    const { asm, emit } = this;
    if (offset !== 0) asm.alu64("r1", "+=", offset);
    // Any struct does that begins with 64 bits.
    if (emit.view("bpf_prog_stats")) asm.load(width, "r0", "r0", 0);
    else emit.peek(width, 0);
  }

  /** Leaves in r0 a member of the struct at the number in `base`. @throws {Absent} */
  member(base: Register, struct: string, path: string): void {
    const { offset, size } = this.emit.place([struct, path]);
    if (base !== "r1") this.asm.move("r1", base);
    this.read(widthOf(size), offset);
  }

  /** The same of the struct that a variable has the address of. */
  memberOf(variable: number, struct: string, path: string): void {
    this.get("r1", variable);
    this.member("r1", struct, path);
  }

  /** Leaves the size of the data in `into`. */
  sizeBytes(into: Register): void {
    this.get(into, VARIABLE.mask);
    this.asm.alu64(into, "+=", 1);
  }
}
