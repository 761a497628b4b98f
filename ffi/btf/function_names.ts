/**
 * Owns the names of functions in BTF. In: the bytes of a BTF object, as BPF_OBJ_GET_INFO_BY_FD gives them. Out: the name of a
 * function by its type id; undefined for an id that is no function, and for bytes that are no BTF of this machine.
 * Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 * @module
 */
import { textAt } from "../struct.ts";

const MAGIC = 0xeb9f;
const KIND_FUNC = 12;
/** A name of the kernel is shorter (KSYM_NAME_LEN). */
const LONGEST_NAME_BYTES = 512;

/** Words that follow the three of every type, by kind: a fixed number, and one a member. */
const TAIL_WORDS: readonly { readonly fixed: number; readonly each: number }[] =
  [
    { fixed: 0, each: 0 }, // void
    { fixed: 1, each: 0 }, // int
    { fixed: 0, each: 0 }, // ptr
    { fixed: 3, each: 0 }, // array
    { fixed: 0, each: 3 }, // struct
    { fixed: 0, each: 3 }, // union
    { fixed: 0, each: 2 }, // enum
    { fixed: 0, each: 0 }, // fwd
    { fixed: 0, each: 0 }, // typedef
    { fixed: 0, each: 0 }, // volatile
    { fixed: 0, each: 0 }, // const
    { fixed: 0, each: 0 }, // restrict
    { fixed: 0, each: 0 }, // func
    { fixed: 0, each: 2 }, // func_proto
    { fixed: 1, each: 0 }, // var
    { fixed: 0, each: 3 }, // datasec
    { fixed: 0, each: 0 }, // float
    { fixed: 1, each: 0 }, // decl_tag
    { fixed: 0, each: 0 }, // type_tag
    { fixed: 0, each: 3 }, // enum64
  ];

/** Offsets of function names by type id, found in one pass. */
export class FunctionNames {
  readonly #view: DataView;
  readonly #offsets: ReadonlyMap<number, number>;

  constructor(btf: Uint8Array) {
    this.#view = new DataView(btf.buffer, btf.byteOffset, btf.byteLength);
    this.#offsets = nameOffsets(this.#view);
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

function nameOffsets(view: DataView): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  if (view.byteLength < 24 || view.getUint16(0, true) !== MAGIC) return offsets;
  const headerBytes = view.getUint32(4, true);
  const types = headerBytes + view.getUint32(8, true);
  const strings = headerBytes + view.getUint32(16, true);
  const end = Math.min(types + view.getUint32(12, true), view.byteLength);
  let at = types;
  for (let id = 1; at + 12 <= end; id++) {
    const info = view.getUint32(at + 4, true);
    const kind = (info >>> 24) & 0x1f;
    const tail = TAIL_WORDS[kind];
    // Behind a kind that is not known nothing can be found.
    if (tail === undefined) break;
    if (kind === KIND_FUNC) {
      offsets.set(id, strings + view.getUint32(at, true));
    }
    at += 4 * (3 + tail.fixed + tail.each * (info & 0xffff));
  }
  return offsets;
}
