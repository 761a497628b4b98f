import { assertEquals } from "@std/assert";
import {
  catalogAsMarkdown,
  catalogHere,
  type CatalogOptions,
} from "../../../../src/commands/catalog.ts";
import { catalog } from "../../../../src/metrics/catalog.ts";
import { catalogMarkdown } from "../../../../src/metrics/catalog_markdown.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { aPass } from "../../../pass_builders.ts";
import { looked, NOT_PERMITTED, onceOptions } from "./command_ports.ts";

function options(
  kernel: FakeKernel,
  given: Partial<CatalogOptions> = {},
): CatalogOptions {
  return {
    ...looked(onceOptions(kernel), aPass()),
    ...given,
    format: given.format ?? "json",
  };
}

interface Entry {
  readonly name: string;
  readonly here: { readonly quality: string; readonly reason?: string };
}

function entries(given: CatalogOptions): Entry[] {
  return JSON.parse(catalogHere(given).stdout);
}

Deno.test("catalogHere() as table has a line for each metric and none beyond the width", () => {
  const { stdout } = catalogHere(options(new FakeKernel(), {
    format: "table",
    layout: { widthColumns: 80, maxRows: 1 },
  }));
  const lines = stdout.split("\n");
  const names = lines.map((line) => line.split(" ")[0]);
  assertEquals(
    catalog.filter(({ name }) => names.filter((n) => n === name).length !== 1),
    [],
  );
  assertEquals(lines.filter((line) => line.length > 80), []);
});

Deno.test("catalogHere() as JSON has what is known of each metric and what it is here", () => {
  const found = entries(options(new FakeKernel()));
  assertEquals(found.map(({ name }) => name), catalog.map(({ name }) => name));
  assertEquals(
    Object.keys(found[0]).join(),
    "name,type,unit,labels,quality,here,group,source,help",
  );
  const memory = found.find(({ name }) =>
    name === "odigos_ebpf_map_memory_bytes"
  );
  assertEquals(memory?.here, { quality: "exact" });
});

Deno.test("catalogHere() without privilege prints every metric, unavailable ones with what would give them", () => {
  const kernel = new FakeKernel({ privileged: false });
  const output = catalogHere(options(kernel, { facts: NOT_PERMITTED }));
  assertEquals([output.exitCode, output.stderr.length], [0, 0]);
  const found: Entry[] = JSON.parse(output.stdout);
  assertEquals(found.length, catalog.length);
  const reasons = found.filter(({ here }) => here.quality === "unavailable")
    .map(({ here }) => here.reason);
  assertEquals(reasons.includes(undefined), false);
  const memory = found.find(({ name }) =>
    name === "odigos_ebpf_map_memory_bytes"
  );
  assertEquals(memory?.here, {
    quality: "unavailable",
    reason:
      "BPF_MAP_GET_NEXT_ID failed: EPERM; to get it: start bpfpulse as root",
  });
});

Deno.test("catalogAsMarkdown() is the table that README has", () => {
  assertEquals(catalogAsMarkdown().stdout, `${catalogMarkdown()}\n`);
});
