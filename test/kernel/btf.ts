/**
 * Owns what tests need of BTF: ids of the kernel's own types and functions, for programs that attach to them, and a small
 * BTF blob to load. In: /sys/kernel/btf/vmlinux, or names. Out: numbers and bytes. Source: Documentation/bpf/btf.rst.
 * @module
 */

const HEADER_BYTES = 24;
const KIND_STRUCT = 4;
const KIND_TYPEDEF = 8;
const KIND_FUNC = 12;

/** Bytes of a type after its first 12, by kind: fixed, and per element of `vlen`. */
const KIND_EXTRA: Readonly<Record<number, readonly [number, number]>> = {
  1: [4, 0], // INT
  3: [12, 0], // ARRAY
  4: [0, 12], // STRUCT
  5: [0, 12], // UNION
  6: [0, 8], // ENUM
  13: [0, 8], // FUNC_PROTO
  14: [4, 0], // VAR
  15: [0, 12], // DATASEC
  17: [4, 0], // DECL_TAG
  19: [0, 12], // ENUM64
};

/** A member of a struct of the kernel. */
export interface StructMember {
  readonly name: string;
  readonly offsetBytes: number;
}

export interface KernelStruct {
  readonly id: number;
  readonly sizeBytes: number;
  /** By index, as BPF_PROG_TYPE_STRUCT_OPS counts them. */
  readonly members: readonly StructMember[];
}

/** The kernel's own BTF, scanned once. */
export class KernelBtf {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #strings: number;
  readonly #targets = new Map<string, number>();
  readonly #structs = new Map<string, readonly [id: number, at: number]>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const header = this.#view.getUint32(4, true);
    const types = header + this.#view.getUint32(8, true);
    const typesEnd = types + this.#view.getUint32(12, true);
    this.#strings = header + this.#view.getUint32(16, true);
    let at = types;
    for (let id = 1; at < typesEnd; id++) {
      const info = this.#view.getUint32(at + 4, true);
      const kind = (info >>> 24) & 31;
      const name = this.#view.getUint32(at, true);
      if (kind === KIND_FUNC || kind === KIND_TYPEDEF) {
        this.#targets.set(this.#text(name), id);
      }
      if (kind === KIND_STRUCT) this.#structs.set(this.#text(name), [id, at]);
      const [fixed, each] = KIND_EXTRA[kind] ?? [0, 0];
      at += 12 + fixed + each * (info & 0xffff);
    }
  }

  /** Id of a function, or of a tracepoint's typedef (`btf_trace_NAME`): what a program can attach to. */
  attachTarget(name: string): number | undefined {
    return this.#targets.get(name);
  }

  struct(name: string): KernelStruct | undefined {
    const found = this.#structs.get(name);
    if (found === undefined) return undefined;
    const [id, at] = found;
    const info = this.#view.getUint32(at + 4, true);
    // With kind_flag the upper byte of an offset is the size of a bit field.
    const mask = info >>> 31 ? 0xff_ffff : 0xffff_ffff;
    const members = Array.from({ length: info & 0xffff }, (_, i) => ({
      name: this.#text(this.#view.getUint32(at + 12 + i * 12, true)),
      offsetBytes:
        ((this.#view.getUint32(at + 20 + i * 12, true) & mask) >>> 0) / 8,
    }));
    return { id, sizeBytes: this.#view.getUint32(at + 8, true), members };
  }

  #text(offset: number): string {
    const start = this.#strings + offset;
    return new TextDecoder().decode(
      this.#bytes.subarray(start, this.#bytes.indexOf(0, start)),
    );
  }
}

let scanned: KernelBtf | undefined;

/** The kernel's BTF, or undefined where it has none. */
export function kernelBtf(): KernelBtf | undefined {
  try {
    return scanned ??= new KernelBtf(
      Deno.readFileSync("/sys/kernel/btf/vmlinux"),
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Id of `int` in the blob of `smallBtf()`. */
export const BTF_INT = 1;
/** Id of `int (void)` there; functions follow, in the order of their names. */
const BTF_INT_FUNCTION = 2;

/** Id of the function with index `index` in the blob of `smallBtf()`. */
export function btfFunction(index: number): number {
  return BTF_INT_FUNCTION + 1 + index;
}

/** A BTF blob that has `int` and functions `static int NAME(void)`; `global` makes them global. */
export function smallBtf(
  functionNames: readonly string[] = [],
  global = false,
): Uint8Array {
  let strings = "\0int\0";
  const types: number[] = [
    ...[1, 1 << 24, 4, (1 << 24) | 32], // int, 4 bytes, signed, 32 bits
    ...[0, 13 << 24, BTF_INT], // int (void)
  ];
  for (const name of functionNames) {
    types.push(strings.length, (KIND_FUNC << 24) | Number(global));
    types.push(BTF_INT_FUNCTION);
    strings += `${name}\0`;
  }
  const stringBytes = new TextEncoder().encode(strings);
  const typeBytes = new Uint8Array(new Uint32Array(types).buffer);
  const blob = new Uint8Array(
    HEADER_BYTES + typeBytes.length + stringBytes.length,
  );
  const view = new DataView(blob.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  const header = [HEADER_BYTES, 0, typeBytes.length, typeBytes.length];
  header.push(stringBytes.length);
  for (const [i, word] of header.entries()) {
    view.setUint32(4 + i * 4, word, true);
  }
  blob.set(typeBytes, HEADER_BYTES);
  blob.set(stringBytes, HEADER_BYTES + typeBytes.length);
  return blob;
}
