/** Owns the tests of src/http/negotiate.ts. @module */
import { assertEquals } from "@std/assert";
import { acceptsGzip, formatFor } from "../../../../src/http/negotiate.ts";

const PROMETHEUS_3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
  "application/openmetrics-text;version=0.0.1;q=0.5," +
  "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4," +
  "text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
const PROMETHEUS_3_PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7," +
  PROMETHEUS_3;
const PROMETHEUS_2_45 =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROMETHEUS_2_20 =
  "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const BROWSER =
  "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

Deno.test("formatFor() gives each scraper the best format that it asks for", () => {
  const table: Record<string, "prometheus" | "openmetrics"> = {
    [PROMETHEUS_3]: "openmetrics",
    [PROMETHEUS_3_PROTOBUF]: "openmetrics",
    [PROMETHEUS_2_45]: "openmetrics",
    [PROMETHEUS_2_20]: "prometheus",
    [BROWSER]: "prometheus",
    "*/*": "prometheus",
    "text/*": "prometheus",
    "text/plain": "prometheus",
    "text/plain; charset=UTF-8": "prometheus",
    "text/plain;version=0.0.4;charset=utf-8": "prometheus",
    "application/*": "openmetrics",
    "application/openmetrics-text": "openmetrics",
    "APPLICATION/OpenMetrics-Text; Version=1.0.0": "openmetrics",
    'application/openmetrics-text; version="1.0.0"': "openmetrics",
    "application/openmetrics-text;version=1.0.0; escaping=underscores":
      "openmetrics",
    "application/openmetrics-text;q=0.1,text/plain;q=0.2": "prometheus",
    "application/openmetrics-text;q=0, */*": "prometheus",
    "text/plain;q=0, */*": "openmetrics",
  };
  for (const [accept, format] of Object.entries(table)) {
    assertEquals(formatFor(new Headers({ accept })), format, accept);
  }
});

Deno.test("formatFor() falls back to Prometheus text and never throws", () => {
  assertEquals(formatFor(new Headers()), "prometheus");
  const odd = [
    "",
    ",",
    ";;;",
    "application/json",
    "application/openmetrics-text;version=2.0.0",
    "a/b;q=banana",
    "text/plain;q=-1",
    `a/${" ".repeat(15_000)}x`,
    "text/plain,".repeat(1_400),
    ";escaping=".repeat(1_500),
  ];
  for (const accept of odd) {
    assertEquals(formatFor(new Headers({ accept })), "prometheus", accept);
  }
});

Deno.test("acceptsGzip() is true only where the client names gzip or takes anything", () => {
  const table: Record<string, boolean> = {
    "gzip": true,
    "GZIP": true,
    "gzip, deflate, br": true,
    "deflate, gzip, br, zstd": true,
    "br;q=1.0, gzip;q=0.8, *;q=0.1": true,
    "*": true,
    "identity": false,
    "": false,
    "br, zstd": false,
    "gzip;q=0": false,
    "gzip;q=0, *": false,
    "gzip;q=0.2, identity;q=0.8": false,
  };
  for (const [encoding, expected] of Object.entries(table)) {
    const headers = new Headers({ "accept-encoding": encoding });
    assertEquals(acceptsGzip(headers), expected, encoding);
  }
  assertEquals(acceptsGzip(new Headers()), false);
});
