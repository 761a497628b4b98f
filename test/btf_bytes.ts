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

/** A member: name, type, offset in bits, and of a bit field its bits. */
export type MadeMember = readonly [
  name: string,
  typeId: number,
  bitOffset: number,
  bitSize?: number,
];

/** Makes a BTF type by type. Each method answers the new type's id, the first is 1; a type may refer to one that comes later. */
export class BtfMaker {
  readonly #types: number[][] = [];
  #strings = "";

  /** Any kind, by its words: the name, then what follows the info word. */
  type(kind: number, name: string, members: number, ...tail: number[]): number {
    return this.#types.push([
      this.#string(name),
      btfInfo(kind, members),
      ...tail,
    ]);
  }

  /** @param bits those of its own that it uses, as of an old bit field; @param shift from which one on */
  int(name: string, bytes: number, bits = bytes * 8, shift = 0): number {
    return this.type(1, name, 0, bytes, (shift << 16) | bits);
  }

  pointer(to: number): number {
    return this.type(2, "", 0, to);
  }

  array(of: number, elements: number): number {
    return this.type(3, "", 0, 0, of, 1, elements);
  }

  /** A struct; with any bit field in it, all offsets are of the form with sizes (kind_flag). */
  struct(name: string, bytes: number, members: readonly MadeMember[]): number {
    return this.#aggregate(4, name, bytes, members);
  }

  union(name: string, bytes: number, members: readonly MadeMember[]): number {
    return this.#aggregate(5, name, bytes, members);
  }

  /** A typedef, const, volatile, restrict or type tag. */
  modifier(kind: 8 | 9 | 10 | 11 | 18, to: number, name = ""): number {
    return this.type(kind, name, 0, to);
  }

  function(name: string): number {
    return this.type(12, name, 1, 0);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return btfBytes(this.#types, this.#strings);
  }

  #aggregate(
    kind: number,
    name: string,
    bytes: number,
    members: readonly MadeMember[],
  ): number {
    const withSizes = members.some(([, , , bitSize]) => bitSize !== undefined);
    const words = members.flatMap((
      [member, typeId, bitOffset, bitSize = 0],
    ) => [
      this.#string(member),
      typeId,
      ((bitSize << 24) | bitOffset) >>> 0,
    ]);
    const info = btfInfo(kind, members.length) | (withSizes ? 1 << 31 : 0);
    return this.#types.push([
      this.#string(name),
      info >>> 0,
      bytes,
      ...words,
    ]);
  }

  /** Where the string is, behind the empty one. */
  #string(text: string): number {
    if (text === "") return 0;
    this.#strings += `${text}\0`;
    return this.#strings.length - text.length;
  }
}
