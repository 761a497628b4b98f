/**
 * Owns a page's bytes while it is made. In: text, encoded label text, numbers. Out: the page, chunk by chunk, in one
 * buffer that is used again and again.
 *
 * Series are put together from bytes, not from strings, and a page is never whole in memory: with the small young
 * generation that the agent runs with, the strings of a large page, or its megabytes held outside the heap, cost more in
 * collections than the page in work (bench/exposition.ts).
 * @module
 */
import type { LabelBytes } from "./label_bytes.ts";
import { numberText } from "./text_format.ts";

const CHUNK_BYTES = 64 * 1024;
/** Of a number: sign, 17 digits, point, exponent. */
const MAX_NUMBER_BYTES = 25;

const encoder = new TextEncoder();

export class Page {
  #buffer = new Uint8Array(2 * CHUNK_BYTES);
  /** Where the next byte goes. */
  #at = 0;

  write(text: string): void {
    // No character takes more than three bytes for each of its UTF-16 units.
    this.#reserve(text.length * 3);
    const free = this.#buffer.subarray(this.#at);
    this.#at += encoder.encodeInto(text, free).written;
  }

  /** Writes one series: `open`, which is the metric's name and a brace, the labels of `row`, the closing brace, the value. */
  series(
    open: Uint8Array,
    { bytes, starts }: LabelBytes,
    row: number,
    value: number,
  ): void {
    const start = starts[row];
    const end = starts[row + 1];
    this.#reserve(open.length + (end - start) + MAX_NUMBER_BYTES + 3);
    const buffer = this.#buffer;
    let at = this.#at;
    for (let i = 0; i < open.length; i++) buffer[at++] = open[i];
    for (let i = start; i < end; i++) buffer[at++] = bytes[i];
    buffer[at++] = CLOSING_BRACE;
    buffer[at++] = SPACE;
    at = writeNumber(buffer, at, value);
    buffer[at++] = NEWLINE;
    this.#at = at;
  }

  /** Whether enough has come together to be taken. */
  get isFull(): boolean {
    return this.#at >= CHUNK_BYTES;
  }

  /** What was written since the last time. It stands only until something more is written. */
  take(): Uint8Array {
    const chunk = this.#buffer.subarray(0, this.#at);
    this.#at = 0;
    return chunk;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = new Uint8Array(
      Math.max(this.#at + bytes, 2 * this.#buffer.length),
    );
    grown.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = grown;
  }
}

const CLOSING_BRACE = 0x7d;
const SPACE = 0x20;
const NEWLINE = 0x0a;
const DIGIT_0 = 0x30;
/** Nine digits are the most that 32-bit arithmetic holds. */
const NINE_DIGITS = 1e9;

/** Writes `value` as numberText() does; returns the position after it. */
function writeNumber(buffer: Uint8Array, at: number, value: number): number {
  if (value < 0 || !Number.isSafeInteger(value)) {
    const text = numberText(value);
    for (let i = 0; i < text.length; i++) buffer[at++] = text.charCodeAt(i);
    return at;
  }
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  let left = value;
  let position = at + digits;
  while (left >= NINE_DIGITS) {
    const rest = Math.floor(left / NINE_DIGITS);
    let nine = (left - rest * NINE_DIGITS) | 0;
    for (let i = 0; i < 9; i++) {
      const tenth = (nine / 10) | 0;
      buffer[--position] = DIGIT_0 + nine - tenth * 10;
      nine = tenth;
    }
    left = rest;
  }
  let small = left | 0;
  while (position > at) {
    const tenth = (small / 10) | 0;
    buffer[--position] = DIGIT_0 + small - tenth * 10;
    small = tenth;
  }
  return at + digits;
}
