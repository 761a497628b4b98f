import { assertEquals } from "@std/assert";
import { catalog, type Metric } from "../../../../src/metrics/catalog.ts";
import {
  header,
  line,
  numberText,
  restLine,
} from "../../../../src/metrics/text_format.ts";
import { mapMetrics } from "../../../../src/metrics/object_metrics.ts";
import { aMap, aSnapshot } from "../../../state_builders.ts";

Deno.test("header() names a counter's family without _total in OpenMetrics only", () => {
  const counter = metric("odigos_ebpf_program_runtime_ns_total");
  assertEquals(
    header(counter, "prometheus").split("\n")[1],
    "# TYPE odigos_ebpf_program_runtime_ns_total counter",
  );
  assertEquals(header(counter, "openmetrics").split("\n").slice(0, 2), [
    "# TYPE odigos_ebpf_program_runtime_ns counter",
    "# UNIT odigos_ebpf_program_runtime_ns ns",
  ]);
});

Deno.test("header() leaves a gauge its name, though it ends in _total", () => {
  const gauge = metric("odigos_ebpf_objects_total");
  assertEquals(
    header(gauge, "openmetrics").split("\n")[0],
    "# TYPE odigos_ebpf_objects_total gauge",
  );
});

Deno.test("header() gives a unit only where the name ends in it, as OpenMetrics wants", () => {
  const ratio = metric("odigos_ebpf_program_cpu_ratio_max");
  assertEquals(header(ratio, "openmetrics").includes("# UNIT"), false);
});

Deno.test("numberText() writes whole numbers below 1e21 without an exponent", () => {
  assertEquals(
    [0, 12, 2 ** 53, 2 ** 64, 0.25, 1e21, NaN, Infinity, -Infinity].map(
      numberText,
    ),
    [
      "0",
      "12",
      "9007199254740992",
      "18446744073709552000",
      "0.25",
      "1e+21",
      "NaN",
      "+Inf",
      "-Inf",
    ],
  );
});

Deno.test("line() leaves out the braces where there are no labels", () => {
  assertEquals(line("up", "", 1), "up 1\n");
  assertEquals(line("up", 'a="b"', 1), 'up{a="b"} 1\n');
});

Deno.test("restLine() gives the objects without series of their own one with labels other", () => {
  const [, memory] = mapMetrics;
  const map = {
    descriptions: [1, 2, 3].map((id) => aMap({ id, maxEntries: id })),
    ownSeries: [1, 0, 0],
  };
  assertEquals(
    restLine(memory, aSnapshot({ map })),
    'odigos_ebpf_map_memory_bytes{map_id="other",map_name="other",map_type="other"} 60\n',
  );
  assertEquals(restLine(memory, aSnapshot()), "");
});

function metric(name: string): Metric {
  const found = catalog.find((metric) => metric.name === name);
  if (found === undefined) throw new Error(`no metric ${name}`);
  return found;
}
