/**
 * Owns the ways in which an iterator program reads the kernel's memory. In: an assembler, places of members, and the form that the
 * program takes. Out: instructions that leave a value in a register or on the stack. A fault reads 0, in every form.
 * Source: kernel/bpf/verifier.c (loads through PTR_TO_BTF_ID), kernel/bpf/helpers.c bpf_rdonly_cast().
 * @module
 */
import type { Assembler } from "../asm/assemble.ts";
import type { Register, Width } from "../asm/opcode.ts";
import type { Btf } from "../btf/btf.ts";
import type { Bits, Form, Step, Way } from "./table.ts";

const PROBE_READ_KERNEL = 113;
const PROBE_READ_KERNEL_STR = 115;

/** The iterated object. */
export const OBJECT: Register = "r7";
/** Of the stack, for what is read in between. */
export const SCRATCH_BYTES = 32;

/** A member that this kernel does not have. */
export class Absent extends Error {
  override readonly name = "Absent";
}

export class Emitter {
  readonly asm: Assembler;
  /** Offset from r10. */
  readonly scratch: number;
  readonly #btf: Btf;
  readonly #form: Form;
  readonly #object: string;
  readonly #cast: number | undefined;
  #labels = 0;

  /** @param object the struct that OBJECT points to @param scratch offset from r10 of SCRATCH_BYTES */
  constructor(
    asm: Assembler,
    btf: Btf,
    form: Form,
    object: string,
    scratch: number,
  ) {
    this.asm = asm;
    this.#btf = btf;
    this.#form = form;
    this.#object = object;
    this.#cast = btf.functionId("bpf_rdonly_cast");
    this.scratch = scratch;
  }

  /** A label that nobody else has. */
  fresh(): string {
    return `L${this.#labels++}`;
  }

  /** @throws {Absent} */
  place([struct, path]: Step): { offset: number; size: number } {
    const member = this.#btf.member(struct, path);
    if (member === undefined || member.bitField !== undefined) {
      throw new Absent(`this kernel has no ${struct}.${path}`);
    }
    return { offset: member.byteOffset, size: member.sizeBytes };
  }

  /** Whether all members on `way` exist. */
  has(way: Way): boolean {
    return way.every(([struct, path, at]) =>
      this.#btf.member(struct, path) !== undefined &&
      (!at || this.#btf.member(struct, at) !== undefined)
    );
  }

  /** Leaves in r0 the bits that are set. @throws {Absent} where this kernel has none of them */
  bits({ of, enumerators }: Bits): void {
    let mask = 0;
    for (const name of enumerators) mask |= this.#btf.enumerator(name) ?? 0;
    if (mask === 0) throw new Absent(`this kernel has no ${enumerators[0]}`);
    this.value(of);
    this.asm.alu32("r0", "&=", mask);
  }

  /**
   * Leaves in r1 a pointer to the struct that the last step of `way` is a member of. In form `probe`, and behind a cast that
   * this kernel has no function for, it is a number that only #peek may follow: the answer says which.
   */
  base(way: Way): "pointer" | "number" {
    const { asm } = this;
    asm.move("r1", OBJECT);
    let kind: "pointer" | "number" = this.#form === "probe"
      ? "number"
      : "pointer";
    if (way[0][0] !== this.#object && kind === "pointer") {
      kind = this.#retype(way[0][0]);
    }
    for (let i = 1; i < way.length; i++) {
      this.#fetch(kind, this.place(way[i - 1]).offset, 8, "r1");
      const [struct, , at] = way[i];
      if (at === undefined) continue;
      if (at !== "") asm.alu64("r1", "+=", -this.place([struct, at]).offset);
      if (kind === "pointer") kind = this.#retype(struct);
    }
    return kind;
  }

  /** Leaves the value at the end of `way` in r0. */
  value(way: Way): void {
    const last = way[way.length - 1];
    const { offset, size } = this.place(last);
    this.#fetch(this.base(way), offset, widthOf(size), "r0");
  }

  /** Copies `size` bytes at the end of `way` to the stack, at most as many as the member has. */
  copy(way: Way, stackOffset: number, size: number): void {
    const place = this.place(way[way.length - 1]);
    const bytes = Math.min(size, place.size);
    const { asm } = this;
    const kind = this.base(way);
    if (kind === "number") {
      asm.move("r3", "r1").alu64("r3", "+=", place.offset);
      this.#probe(PROBE_READ_KERNEL, stackOffset, bytes);
      return;
    }
    for (let at = 0; at < bytes; at += 8) {
      asm.load(8, "r0", "r1", place.offset + at)
        .store(8, "r10", stackOffset + at, "r0");
    }
  }

  /** Leaves a pointer member as a number in r0, whatever the verifier takes it for. */
  address(way: Way): void {
    const { offset } = this.place(way[way.length - 1]);
    const { asm } = this;
    this.base(way);
    asm.alu64("r1", "+=", offset);
    // A pointer that is loaded as one has a type, with which no sums can be done.
    if (this.view("bpf_prog_stats")) asm.load(8, "r0", "r0", 0);
    else this.peek(8, 0);
  }

  /** Leaves in r0 what is `offset` bytes behind the number in r1. */
  peek(width: Width, offset: number): void {
    this.fill(offset, width);
    this.asm.load(width, "r0", "r10", this.scratch);
  }

  /** Copies what is `offset` bytes behind the number in r1 to the scratch, at most SCRATCH_BYTES. */
  fill(offset: number, bytes: number): void {
    this.asm.move("r3", "r1");
    if (offset !== 0) this.asm.alu64("r3", "+=", offset);
    this.#probe(PROBE_READ_KERNEL, this.scratch, bytes);
  }

  /** Leaves in r0 a pointer to the struct at the number in r1, or false where this form cannot. */
  view(struct: string): boolean {
    if (this.#form === "probe" || this.#cast === undefined) return false;
    this.#castTo(struct);
    return true;
  }

  /** Leaves in r0 what a function of the kernel answers for the iterated object. @throws {Absent} */
  callFor(name: string): void {
    const id = this.#btf.functionId(name);
    if (id === undefined) throw new Absent(`this kernel has no ${name}()`);
    this.asm.move("r1", OBJECT).callKernelFunction(id);
  }

  /** Copies the text at the number in r0 to the stack. */
  text(stackOffset: number, size: number): void {
    this.asm.move("r3", "r0");
    this.#probe(PROBE_READ_KERNEL_STR, stackOffset, size);
  }

  #retype(struct: string): "pointer" | "number" {
    if (this.#cast === undefined) return "number";
    this.#castTo(struct);
    this.asm.move("r1", "r0");
    return "pointer";
  }

  #castTo(struct: string): void {
    const id = this.#btf.structId(struct);
    if (id === undefined) throw new Absent(`this kernel has no ${struct}`);
    this.asm.move("r2", id).callKernelFunction(this.#cast ?? 0);
  }

  #fetch(
    kind: "pointer" | "number",
    offset: number,
    width: Width,
    into: Register,
  ): void {
    if (kind === "pointer") {
      this.asm.load(width, into, "r1", offset);
      return;
    }
    this.peek(width, offset);
    if (into !== "r0") this.asm.move(into, "r0");
  }

  #probe(helper: number, stackOffset: number, size: number): void {
    this.asm.move("r1", "r10").alu64("r1", "+=", stackOffset)
      .move("r2", size).call(helper);
  }
}

/** @throws {Absent} for a member that no register holds. */
export function widthOf(size: number): Width {
  if (size === 1 || size === 2 || size === 4 || size === 8) return size;
  throw new Absent(`a member of ${size} bytes is no number`);
}
