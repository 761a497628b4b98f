/**
 * Owns which format and which encoding a scrape gets. In: request headers. Out: one of the two formats, and whether the
 * body may be compressed.
 * @module
 */
import { accepts, acceptsEncodings } from "@std/http/negotiation";

export type ExpositionFormat = "prometheus" | "openmetrics";

/** Content-Type of each format. */
export const FORMAT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * The format that `headers` ask for. Where they ask for none, or for what the agent does not have, it is Prometheus text:
 * every scraper reads that, and none expects to be refused.
 */
export function formatFor(headers: Headers): ExpositionFormat {
  const type = accepts(
    { headers: withoutEscaping(headers) },
    FORMAT_TYPES.prometheus,
    FORMAT_TYPES.openmetrics,
  );
  return type === FORMAT_TYPES.openmetrics ? "openmetrics" : "prometheus";
}

/** A client that does not name gzip may not be able to read it, so no header at all means no compression. */
export function acceptsGzip(headers: Headers): boolean {
  return (headers.get("accept-encoding") ?? "") !== "" &&
    acceptsEncodings({ headers }, "gzip", "identity") === "gzip";
}

/**
 * Prometheus 3 sends `escaping=allow-utf-8` with each type: how names beyond the old alphabet may be written. The agent's
 * names are all within it, so every scheme writes them alike, and the parameter must not keep a type from matching.
 */
function withoutEscaping(headers: Headers): Headers {
  const accept = headers.get("accept");
  return accept === null ? new Headers() : new Headers({
    accept: accept.replace(/;[ \t]*escaping=[^;,]*/gi, ""),
  });
}
