/**
 * Owns how fields of kernel structs are described and read: little-endian, the offset stated beside the field. In: a
 * layout, a view of the struct, and how many bytes of it the kernel filled. Out: a value, or undefined for a field that
 * this kernel does not have. Absence is decided by the filled length, never by a zero.
 * @module
 */

/** One field: `T` is what reading it gives. */
export interface Field<T> {
  readonly offset: number;
  readonly size: number;
  readonly get: (view: DataView, offset: number) => T;
}

const TWO_TO_32 = 2 ** 32;
/** Without ignoreBOM a name that begins with U+FEFF would lose it, and two names would look alike. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function u32(offset: number): Field<number> {
  return { offset, size: 4, get: (view, at) => view.getUint32(at, true) };
}

export function s32(offset: number): Field<number> {
  return { offset, size: 4, get: (view, at) => view.getInt32(at, true) };
}

/** A 64-bit value kept whole. */
export function u64(offset: number): Field<bigint> {
  return { offset, size: 8, get: (view, at) => view.getBigUint64(at, true) };
}

/** A 64-bit counter as a number: exact up to 2^53, then within one part in 2^53, and no bigint is made. */
export function counter64(offset: number): Field<number> {
  return {
    offset,
    size: 8,
    get: (view, at) =>
      view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_TO_32,
  };
}

/** `char[size]`, up to the first NUL; what is not UTF-8 becomes U+FFFD. */
export function chars(offset: number, size: number): Field<string> {
  return { offset, size, get: (view, at) => textAt(view, at, size) };
}

/** `u8[size]` in hexadecimal, as bpftool prints a tag. */
export function hex(offset: number, size: number): Field<string> {
  return {
    offset,
    size,
    get: (view, at) => {
      let text = "";
      for (let i = 0; i < size; i++) {
        text += view.getUint8(at + i).toString(16).padStart(2, "0");
      }
      return text;
    },
  };
}

/** Reads `field`, or undefined where the kernel filled fewer bytes than reach to its end. */
export function read<T>(
  field: Field<T>,
  view: DataView,
  filled: number,
): T | undefined {
  return field.offset + field.size <= filled
    ? field.get(view, field.offset)
    : undefined;
}

/** Reads fields of one struct: undefined for one that this kernel does not have. */
export type InfoReader = <T>(field: Field<T>) => T | undefined;

/** The fields of an info of which the kernel filled `filled` bytes. */
export function filledInfo(view: DataView, filled: number): InfoReader {
  return (field) => read(field, view, filled);
}

/** The text in at most `size` bytes of `view` at `offset`, up to the first NUL. */
export function textAt(view: DataView, offset: number, size: number): string {
  let length = 0;
  while (length < size && view.getUint8(offset + length) !== 0) length++;
  return decoder.decode(
    new Uint8Array(view.buffer, view.byteOffset + offset, length),
  );
}
