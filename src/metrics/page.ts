/**
 * Owns the slicing of a page: text in, encoded chunks out, and a turn of the event loop whenever the work has lasted.
 * In: text, a clock. Out: the page's bytes.
 * @module
 */
// deno-lint-ignore bpfpulse/clock -- a turn of the event loop, which is no time
import { setImmediate } from "node:timers";
import type { Clock } from "../clock.ts";

/** How long a page is worked on before everything else gets its turn. */
const SLICE_MS = 4;

/** Text is encoded when this much has come together: small enough to stay in the cache, large enough for few calls. */
const CHUNK_CHARACTERS = 64 * 1024;

const encoder = new TextEncoder();

/** One page in the making. */
export class Page {
  readonly #clock: Clock;
  readonly #chunks: Uint8Array[] = [];
  #text = "";
  #sliceStartMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sliceStartMs = clock.monotonicMs();
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= CHUNK_CHARACTERS) this.#encode();
  }

  /** Whether the present slice has lasted; then `turn()` is due. */
  isDue(): boolean {
    return this.#clock.monotonicMs() - this.#sliceStartMs >= SLICE_MS;
  }

  /** Gives the event loop a turn: what is ready, input and output too, runs before this resolves. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#sliceStartMs = this.#clock.monotonicMs();
  }

  /** The bytes of the whole page, in order. */
  end(): Uint8Array[] {
    this.#encode();
    return this.#chunks;
  }

  #encode(): void {
    if (this.#text !== "") this.#chunks.push(encoder.encode(this.#text));
    this.#text = "";
  }
}
