/**
 * Owns how the whole name of a program is found: the kernel keeps 15 bytes of it, and its BTF the name of its main function.
 * In: a program's descriptor and info. Out: the name, or undefined. Asked once in a program's life.
 * @module
 */
import {
  BTF_INFO,
  Fd,
  FunctionNames,
  type KernelBuffer,
  type KernelPort,
  objectInfo,
  openObject,
  PROG_INFO,
  read,
} from "../../ffi/sampling.ts";

/** More than any program's BTF has; what claims more is not read. */
const LARGEST_BTF_BYTES = 16 * 1024 * 1024;
/** `struct bpf_func_info`: insn_off, type_id. */
const TYPE_ID_OFFSET = 4;
const LARGEST_RECORD_BYTES = 128;

export class FullNames {
  readonly #kernel: KernelPort;
  readonly #info: KernelBuffer;
  readonly #record: KernelBuffer;
  /** Programs of one object file share its BTF and are born together: the last one is asked again and again. */
  #last: { readonly btfId: number; readonly names: FunctionNames } | undefined;
  #calls = 0;

  constructor(kernel: KernelPort) {
    this.#kernel = kernel;
    this.#info = kernel.allocate(PROG_INFO.size);
    this.#record = kernel.allocate(LARGEST_RECORD_BYTES);
  }

  /** System calls since it was made. */
  get calls(): number {
    return this.#calls;
  }

  /** @param view `filled` bytes of the info of the program that is open as `fd` */
  find(fd: number, view: DataView, filled: number): string | undefined {
    const btfId = read(PROG_INFO.btf_id, view, filled) ?? 0;
    const recordBytes = read(PROG_INFO.func_info_rec_size, view, filled) ?? 0;
    const count = read(PROG_INFO.nr_func_info, view, filled) ?? 0;
    if (btfId === 0 || count === 0) return undefined;
    if (recordBytes === 0 || recordBytes > LARGEST_RECORD_BYTES) {
      return undefined;
    }
    const typeId = this.#mainFunction(fd, recordBytes);
    if (typeId === undefined) return undefined;
    if (this.#last?.btfId !== btfId) {
      const names = this.#read(btfId);
      if (names === undefined) return undefined;
      this.#last = { btfId, names };
    }
    return this.#last.names.get(typeId);
  }

  /** Gives the memory back: the names are of no use until the next birth. */
  forget(): void {
    this.#last = undefined;
  }

  /** Asks for the first of the program's functions alone. */
  #mainFunction(fd: number, recordBytes: number): number | undefined {
    const { words, bytes } = this.#info;
    bytes.fill(0);
    words[PROG_INFO.func_info_rec_size.offset / 4] = recordBytes;
    words[PROG_INFO.func_info.offset / 4] = this.#record.addressLow;
    words[PROG_INFO.func_info.offset / 4 + 1] = this.#record.addressHigh;
    words[PROG_INFO.nr_func_info.offset / 4] = 1;
    this.#calls++;
    const filled = objectInfo(this.#kernel, fd, this.#info, PROG_INFO.size);
    return filled < 0
      ? undefined
      : this.#record.view.getUint32(TYPE_ID_OFFSET, true);
  }

  #read(btfId: number): FunctionNames | undefined {
    this.#calls++;
    const number = openObject(this.#kernel, "btf", btfId);
    if (number < 0) return undefined;
    using fd = new Fd(this.#kernel, number);
    // The first question, and the close at the end.
    this.#calls += 2;
    const info = this.#info;
    info.bytes.fill(0);
    const filled = objectInfo(this.#kernel, fd.number, info, BTF_INFO.size);
    const size = read(BTF_INFO.btf_size, info.view, filled) ?? 0;
    if (size === 0 || size > LARGEST_BTF_BYTES) return undefined;
    const btf = this.#kernel.allocate(size);
    info.bytes.fill(0);
    info.words[BTF_INFO.btf.offset / 4] = btf.addressLow;
    info.words[BTF_INFO.btf.offset / 4 + 1] = btf.addressHigh;
    info.words[BTF_INFO.btf_size.offset / 4] = size;
    this.#calls++;
    return objectInfo(this.#kernel, fd.number, info, BTF_INFO.size) < 0
      ? undefined
      : new FunctionNames(btf.bytes.subarray(0, size));
  }
}
