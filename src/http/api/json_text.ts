/**
 * Owns how large JSON is written: piece by piece, in slices that never hold the event loop. In: values and pieces of text.
 * Out: text that is one line, safe to show on a terminal, and chunks of its bytes.
 * @module
 */
import type { Clock } from "../../clock.ts";
import { escapeUnsafe } from "../../config/quoted.ts";
import { Page } from "../../metrics/page.ts";
import { Slices } from "../../metrics/slices.ts";

const PLAIN = /^[\x20-\x7e]*$/;

/** JSON of `value`; control, formatting and direction characters, which JSON leaves as they are, are escaped too. */
export function jsonText(value: object | string): string {
  const text = JSON.stringify(value);
  return PLAIN.test(text) ? text : escapeUnsafe(text);
}

/** The pieces of `[…]` with an object a line. */
export function* arrayPieces<T extends object>(
  items: Iterable<T>,
): Generator<string> {
  let before = "[\n";
  for (const item of items) {
    yield before + jsonText(item);
    before = ",\n";
  }
  yield before === "[\n" ? "[]" : "\n]";
}

/** Bytes of the pieces; each chunk stands until the next one is asked for. Each piece should be no more than an object. */
export async function* chunksOf(
  pieces: Iterable<string>,
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  const page = new Page();
  const slices = new Slices(clock);
  for (const piece of pieces) {
    page.write(piece);
    if (page.isFull) yield page.take();
    if (slices.isDue) await slices.turn();
  }
  yield page.take();
}
