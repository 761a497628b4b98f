/**
 * Owns the fake kernel's address space. In: sizes to allocate, addresses as attributes carry them. Out: buffers with
 * addresses above 4 GiB (so that a lost upper half is noticed), and the memory behind an address, undefined for a wild one.
 * @module
 */
import type { KernelBuffer } from "../../ffi/port.ts";

const TWO_TO_32 = 2 ** 32;

/** Hands out memory in ascending addresses with a gap after each piece. */
export class FakeMemory {
  readonly #bases: number[] = [];
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  #next = 0x7f12_0000_1000;

  allocate(size: number): KernelBuffer {
    const bytes = new Uint8Array(Math.max(128, Math.ceil(size / 8) * 8));
    const base = this.#next;
    this.#bases.push(base);
    this.#pieces.push(bytes);
    this.#next = Math.ceil((base + bytes.length + 1) / 64) * 64;
    return {
      bytes,
      view: new DataView(bytes.buffer),
      words: new Uint32Array(bytes.buffer),
      addressLow: base % TWO_TO_32,
      addressHigh: Math.floor(base / TWO_TO_32),
    };
  }

  /** The `size` bytes at `address`, or undefined where they are not all within one piece. */
  resolve(address: number, size: number): Uint8Array<ArrayBuffer> | undefined {
    const index = this.#pieceAt(address);
    if (index < 0) return undefined;
    const piece = this.#pieces[index];
    const offset = address - this.#bases[index];
    return offset + size <= piece.length
      ? piece.subarray(offset, offset + size)
      : undefined;
  }

  /** The NUL-terminated bytes at `address`, without the NUL. */
  string(address: number): Uint8Array<ArrayBuffer> | undefined {
    const index = this.#pieceAt(address);
    if (index < 0) return undefined;
    const offset = address - this.#bases[index];
    const end = this.#pieces[index].indexOf(0, offset);
    return end < 0 ? undefined : this.#pieces[index].subarray(offset, end);
  }

  /** Index of the last piece that starts at or below `address`, -1 where none does. */
  #pieceAt(address: number): number {
    let low = 0;
    let high = this.#bases.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#bases[middle] <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
