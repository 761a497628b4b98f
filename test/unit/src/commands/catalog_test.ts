import { assertEquals } from "@std/assert";
import { catalogOutput } from "../../../../src/commands/catalog.ts";
import { catalog } from "../../../../src/metrics/catalog.ts";
import { catalogMarkdown } from "../../../../src/metrics/catalog_markdown.ts";

const layout = { widthColumns: 80, maxRows: 1 };

Deno.test("catalogOutput() as table has a line for each metric and none beyond the width", () => {
  const { stdout } = catalogOutput({ format: "table", layout });
  const lines = stdout.split("\n");
  const names = lines.map((line) => line.split(" ")[0]);
  assertEquals(
    catalog.filter(({ name }) => names.filter((n) => n === name).length !== 1),
    [],
  );
  assertEquals(lines.filter((line) => line.length > 80), []);
});

Deno.test("catalogOutput() as JSON has what is known of each metric before any sample", () => {
  const entries = JSON.parse(catalogOutput({ format: "json", layout }).stdout);
  assertEquals(entries.length, catalog.length);
  assertEquals(
    Object.keys(entries[0]),
    ["name", "type", "unit", "labels", "quality", "group", "source", "help"],
  );
});

Deno.test("catalogOutput() as Markdown is the table that README has", () => {
  const { stdout } = catalogOutput({ format: "markdown", layout });
  assertEquals(stdout, `${catalogMarkdown()}\n`);
});
