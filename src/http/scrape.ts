/**
 * Owns GET /metrics. In: the exposition, and a request's Accept, Accept-Encoding and `collect[]`. Out: the page in one
 * of two formats, compressed where that pays, whole or narrowed to groups.
 * @module
 */
import type { Handler } from "hono";
import type { Clock } from "../clock.ts";
import type { HttpEnv } from "./env.ts";
import { gzipChunks } from "./gzip.ts";
import {
  acceptsGzip,
  type ExpositionFormat,
  FORMAT_TYPES,
  formatFor,
} from "./negotiate.ts";
import { BusyError, type Page, Pages } from "./pages.ts";
import { problem } from "./problem.ts";
import { readGroups } from "./query.ts";

export interface Exposition {
  /** The whole page, or that of `groups`, chunk by chunk; each stands only until the next one is asked for. */
  stream(
    format: ExpositionFormat,
    groups?: ReadonlySet<string>,
  ): AsyncIterable<Uint8Array>;
}

export const GROUP_PARAMETER = "collect[]";

const BOUNDS = { inFlight: 8, heldBytes: 64 * 1024 * 1024 };
/** A client that takes longer to read a page is cut off: until then the page stays in memory. */
const SEND_WITHIN_MS = 30_000;
/** Taken off one page before others get their turn: about 1 ms of copying to a socket. */
const TURN_BYTES = 262_144;

export interface ScrapeOptions {
  readonly exposition: Exposition;
  readonly metricGroups: readonly string[];
  readonly clock: Clock;
}

export function scrapeHandler(options: ScrapeOptions): Handler<HttpEnv> {
  const { exposition, metricGroups, clock } = options;
  const pages = new Pages(BOUNDS);

  return async function scrape(c) {
    const groups = readGroups(
      new URL(c.req.url).searchParams,
      GROUP_PARAMETER,
      metricGroups,
    );
    if (typeof groups === "string") return problem(400, groups);
    const headers = c.req.raw.headers;
    const format = formatFor(headers);
    let page: Page;
    try {
      page = await pageOf(format, groups, acceptsGzip(headers));
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      return problem(429, error.message, { "retry-after": "1" });
    }
    const head = c.req.method === "HEAD";
    if (!head) holdWhileSending(page, c.env?.outgoing);
    return new Response(head ? null : streamOf(page.slices), {
      headers: pageHeaders(page, format),
    });
  };

  function pageOf(
    format: ExpositionFormat,
    groups: ReadonlySet<string>,
    gzip: boolean,
  ): Promise<Page> {
    const key = [gzip ? "gzip" : "plain", format, ...[...groups].sort()];
    return pages.share(key.join(" "), async () => {
      const chunks = exposition.stream(
        format,
        groups.size > 0 ? groups : undefined,
      );
      // Compressed as it is made, so that the whole page, ten times as large, is never in memory.
      return gzip
        ? { ...pageFrom(await gzipChunks(chunks)), encoding: "gzip" }
        : pageFrom(await copies(chunks));
    });
  }

  function holdWhileSending(
    page: Page,
    outgoing: HttpEnv["Bindings"]["outgoing"],
  ): void {
    if (outgoing === undefined || outgoing.destroyed) return;
    const release = pages.hold(page);
    const cancel = clock.after(SEND_WITHIN_MS, () => outgoing.destroy());
    outgoing.once("close", () => {
      cancel();
      release();
    });
  }
}

async function copies(
  chunks: AsyncIterable<Uint8Array>,
): Promise<Uint8Array[]> {
  const copied: Uint8Array[] = [];
  for await (const chunk of chunks) copied.push(chunk.slice());
  return copied;
}

function pageFrom(slices: readonly Uint8Array[]): Page {
  const sizeBytes = slices.reduce((sum, slice) => sum + slice.length, 0);
  return { slices, sizeBytes };
}

function pageHeaders(page: Page, format: ExpositionFormat): Headers {
  const headers = new Headers({
    "content-type": FORMAT_TYPES[format],
    "content-length": String(page.sizeBytes),
    vary: "Accept, Accept-Encoding",
  });
  if (page.encoding !== undefined) {
    headers.set("content-encoding", page.encoding);
  }
  return headers;
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
