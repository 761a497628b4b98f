/**
 * Owns how a large answer reaches its client: made in slices, compressed where that is asked for, shared by who asks for the
 * same at the same time, and bounded in number and memory while it is sent. In: chunks. Out: an answer, or 429.
 * @module
 */
import type { Context } from "hono";
import type { Clock } from "../clock.ts";
import type { HttpEnv } from "./env.ts";
import { gzipChunks } from "./gzip.ts";
import { acceptsGzip } from "./negotiate.ts";
import { BusyError, type Page, Pages } from "./pages.ts";
import { problem } from "./problem.ts";

const BOUNDS = { inFlight: 8, heldBytes: 64 * 1024 * 1024 };
/** A client that takes longer to read a page is cut off: until then the page stays in memory. */
const SEND_WITHIN_MS = 30_000;
/** Taken off one page before others get their turn: about 1 ms of copying to a socket. */
const TURN_BYTES = 262_144;

export class PageAnswers {
  readonly #clock: Clock;
  readonly #pages = new Pages(BOUNDS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Answers with the page that `key` stands for, made of `chunks` unless it is being made already.
   * @param headers beside those of the body's length and encoding
   */
  async answer(
    c: Context<HttpEnv>,
    key: string,
    chunks: () => AsyncIterable<Uint8Array>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const gzip = acceptsGzip(c.req.raw.headers);
    let page: Page;
    try {
      page = await this.#pages.share(
        `${gzip ? "gzip" : "plain"} ${key}`,
        () => rendered(chunks(), gzip),
      );
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      return problem(429, error.message, { "retry-after": "1" });
    }
    const head = c.req.method === "HEAD";
    if (!head) this.#holdWhileSending(page, c.env?.outgoing);
    return new Response(head ? null : streamOf(page.slices), {
      headers: {
        vary: "Accept-Encoding",
        ...headers,
        "content-length": String(page.sizeBytes),
        ...(gzip ? { "content-encoding": "gzip" } : {}),
      },
    });
  }

  #holdWhileSending(
    page: Page,
    outgoing: HttpEnv["Bindings"]["outgoing"],
  ): void {
    if (outgoing === undefined || outgoing.destroyed) return;
    const release = this.#pages.hold(page);
    const cancel = this.#clock.after(
      SEND_WITHIN_MS,
      () => outgoing.destroy(),
    );
    outgoing.once("close", () => {
      cancel();
      release();
    });
  }
}

async function rendered(
  chunks: AsyncIterable<Uint8Array>,
  gzip: boolean,
): Promise<Page> {
  // Compressed as it is made: the whole page, ten times as large, is never in memory.
  const slices = gzip ? await gzipChunks(chunks) : await copies(chunks);
  return {
    slices,
    sizeBytes: slices.reduce((sum, slice) => sum + slice.length, 0),
    ...(gzip ? { encoding: "gzip" as const } : {}),
  };
}

async function copies(
  chunks: AsyncIterable<Uint8Array>,
): Promise<Uint8Array[]> {
  const copied: Uint8Array[] = [];
  for await (const chunk of chunks) copied.push(chunk.slice());
  return copied;
}

/**
 * Hands out a slice when the one before is on its way: a slow reader costs references, not copies. A socket that takes
 * everything at once would hold up the event loop for the whole page, so it is given way after each part.
 */
function streamOf(slices: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const rest = slices.values();
  let untilTurn = TURN_BYTES;
  return new ReadableStream({
    async pull(controller) {
      if (untilTurn <= 0) {
        untilTurn = TURN_BYTES;
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      const next = rest.next();
      if (next.done) return controller.close();
      untilTurn -= next.value.length;
      controller.enqueue(next.value);
    },
  }, { highWaterMark: 0 });
}
