/**
 * Owns the encoding of bpf(2)'s attributes for what only tests ask of the kernel: making objects. In: offsets of
 * `union bpf_attr` and values. Out: the attribute, and the kernel's answer to it.
 * @module
 */
import type { KernelBuffer, KernelPort } from "../../ffi/mod.ts";

/** `enum bpf_cmd`, what tests use beyond the agent. Source: include/uapi/linux/bpf.h. */
export const COMMAND = {
  MAP_CREATE: 0,
  MAP_UPDATE_ELEM: 2,
  PROG_LOAD: 5,
  PROG_ATTACH: 8,
  RAW_TRACEPOINT_OPEN: 17,
  BTF_LOAD: 18,
  MAP_FREEZE: 22,
  LINK_CREATE: 28,
  PROG_BIND_MAP: 35,
} as const;

/** One attribute of `size` bytes, written field by field; what is not written is 0. */
export class Attr {
  readonly #kernel: KernelPort;
  readonly #buffer: KernelBuffer;
  readonly #size: number;
  /** Buffers whose address is in the attribute: they must outlive the call. */
  readonly #referenced: KernelBuffer[] = [];

  constructor(kernel: KernelPort, size: number) {
    this.#kernel = kernel;
    this.#buffer = kernel.allocate(size);
    this.#size = size;
  }

  u32(offset: number, value: number): this {
    this.#buffer.view.setUint32(offset, value >>> 0, true);
    return this;
  }

  u64(offset: number, value: bigint): this {
    this.#buffer.view.setBigUint64(offset, value, true);
    return this;
  }

  /** At most 15 bytes and a NUL, as `char name[BPF_OBJ_NAME_LEN]`. */
  name(offset: number, value: string): this {
    new TextEncoder().encodeInto(
      value,
      this.#buffer.bytes.subarray(offset, offset + 15),
    );
    return this;
  }

  address(offset: number, buffer: KernelBuffer): this {
    this.#referenced.push(buffer);
    return this.u32(offset, buffer.addressLow).u32(
      offset + 4,
      buffer.addressHigh,
    );
  }

  /** The address of a C string. */
  text(offset: number, value: string): this {
    return this.address(offset, bufferOf(this.#kernel, bytesOf(value)));
  }

  /** Makes the call: a descriptor, 0, or -errno. */
  call(command: number): number {
    return this.#kernel.bpf(command, this.#buffer.bytes, this.#size);
  }
}

/** A copy of `bytes` that the kernel can be given. */
export function bufferOf(kernel: KernelPort, bytes: Uint8Array): KernelBuffer {
  const buffer = kernel.allocate(bytes.length + 1);
  buffer.bytes.set(bytes);
  return buffer;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
