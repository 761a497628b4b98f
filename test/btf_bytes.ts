/**
 * Owns the making of BTF by hand. In: types as words, and strings. Out: the bytes of a BTF object.
 * Source: Documentation/bpf/btf.rst.
 * @module
 */

/** BTF with these types, each the words of a `struct btf_type` and what follows it, and these strings behind the empty one. */
export function btfBytes(
  types: readonly (readonly number[])[],
  strings: string,
): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(`\0${strings}`);
  const words = types.flat();
  const bytes = new Uint8Array(24 + words.length * 4 + text.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  view.setUint32(4, 24, true);
  view.setUint32(12, words.length * 4, true);
  view.setUint32(16, words.length * 4, true);
  view.setUint32(20, text.length, true);
  words.forEach((word, i) => view.setUint32(24 + i * 4, word, true));
  bytes.set(text, 24 + words.length * 4);
  return bytes;
}

/** The info word of a type. */
export function btfInfo(kind: number, members = 0): number {
  return ((kind << 24) | members) >>> 0;
}

/** A function whose name begins at `nameOffset` of the strings, of prototype type 3. */
export function btfFunction(nameOffset: number): number[] {
  return [nameOffset, btfInfo(12, 1), 3];
}
