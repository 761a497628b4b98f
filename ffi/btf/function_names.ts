/**
 * Owns the names of functions in BTF. In: the bytes of a BTF object, as BPF_OBJ_GET_INFO_BY_FD gives them. Out: the name of a
 * function by its type id; undefined for an id that is no function, and for bytes that are no BTF of this machine.
 * Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 * @module
 */
import { textAt } from "../struct.ts";
import { BtfError, type BtfSections, parseHeader } from "./header.ts";
import { KIND, kindOf, TYPE_WORDS, wordsOf } from "./kinds.ts";

/** A name of the kernel is shorter (KSYM_NAME_LEN). */
const LONGEST_NAME_BYTES = 512;

/** Offsets of function names by type id, found in one pass. */
export class FunctionNames {
  readonly #view: DataView;
  readonly #offsets: ReadonlyMap<number, number>;

  constructor(btf: Uint8Array) {
    this.#view = new DataView(btf.buffer, btf.byteOffset, btf.byteLength);
    const sections = sectionsOf(btf);
    this.#offsets = sections === undefined
      ? new Map()
      : nameOffsets(this.#view, sections);
  }

  /** The name of function `typeId`. */
  get(typeId: number): string | undefined {
    const offset = this.#offsets.get(typeId);
    if (offset === undefined || offset >= this.#view.byteLength) {
      return undefined;
    }
    const room = Math.min(LONGEST_NAME_BYTES, this.#view.byteLength - offset);
    return textAt(this.#view, offset, room);
  }
}

function sectionsOf(btf: Uint8Array): BtfSections | undefined {
  try {
    return parseHeader(btf);
  } catch (error) {
    // A program without the names of its functions is still a program.
    if (error instanceof BtfError) return undefined;
    throw error;
  }
}

function nameOffsets(
  view: DataView,
  { typesStart, typesBytes, stringsStart }: BtfSections,
): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  const end = typesStart + typesBytes;
  let at = typesStart;
  for (let id = 1; at + 4 * TYPE_WORDS <= end; id++) {
    const info = view.getUint32(at + 4, true);
    const size = wordsOf(info);
    if (size === 0) break;
    if (kindOf(info) === KIND.FUNC) {
      offsets.set(id, stringsStart + view.getUint32(at, true));
    }
    at += 4 * size;
  }
  return offsets;
}
