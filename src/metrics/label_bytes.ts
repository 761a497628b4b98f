/**
 * Owns label text as bytes: that of one table, encoded once for a page and copied into each of its families. In: label
 * texts, row by row. Out: their UTF-8 bytes in one block, and where each row's start.
 * @module
 */

/** Row `r` has the bytes from `starts[r]` up to, not including, `starts[r + 1]`. */
export interface LabelBytes {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

const encoder = new TextEncoder();

/** Encodes label texts a few rows at a time, so that a large table can be done in slices. */
export class LabelEncoder implements LabelBytes {
  bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** Rows that are encoded. */
  #rows = 0;

  constructor(rows: number) {
    this.starts = new Uint32Array(rows + 1);
    this.bytes = new Uint8Array(0);
  }

  /** Encodes the next rows. */
  add(texts: readonly string[]): void {
    // One call of the encoder for all: a call for each row costs more than the bytes do.
    const joined = texts.join("");
    const start = this.starts[this.#rows];
    this.#reserve(start + joined.length * 3);
    const { written } = encoder.encodeInto(joined, this.bytes.subarray(start));
    const plain = written === joined.length;
    let at = start;
    for (const text of texts) {
      at += plain ? text.length : encoder.encode(text).length;
      this.starts[++this.#rows] = at;
    }
  }

  #reserve(bytes: number): void {
    if (bytes <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(bytes, this.bytes.length * 2));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}
