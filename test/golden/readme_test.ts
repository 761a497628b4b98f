/** Holds README to what the program says of itself. `UPDATE_GOLDEN=1` writes its metric table anew. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FLAGS } from "../../src/cli/flags.ts";
import { catalogMarkdown } from "../../src/metrics/catalog_markdown.ts";
import { metricGroups } from "../../src/metrics/metric.ts";

const PATH = new URL("../../README.md", import.meta.url);
const TABLE =
  /(?<=<!-- catalog: begin -->\n\n)[^]*(?=\n\n<!-- catalog: end -->)/;

/** Cells without the padding that the formatter gives them. */
function compact(table: string): string[] {
  return table.split("\n").map((line) =>
    line.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/^-+$/, "---"))
      .join("|")
  );
}

Deno.test("README has the table of metrics that the catalog gives", async () => {
  const readme = await Deno.readTextFile(PATH);
  const [found] = readme.match(TABLE) ?? [];
  assert(found !== undefined, "README has no place for the table");
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    await Deno.writeTextFile(PATH, readme.replace(TABLE, catalogMarkdown));
    return;
  }
  assertEquals(compact(found), compact(catalogMarkdown()));
});

Deno.test("README names every flag", async () => {
  const readme = await Deno.readTextFile(PATH);
  for (const { name } of FLAGS) assertStringIncludes(readme, `\`--${name}`);
});

Deno.test("README names every group of metrics, in the catalog's order", async () => {
  const readme = await Deno.readTextFile(PATH);
  const groups = metricGroups.map((group) => `\`${group}\``).join(", ");
  assertStringIncludes(
    readme.replace(/\s+/g, " "),
    `narrows the page to groups of metrics: ${groups}.`,
  );
});

Deno.test("README gives each dependency of deno.json a reason", async () => {
  const readme = await Deno.readTextFile(PATH);
  const manifest = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  const packages = Object.values<string>(manifest.imports).map((specifier) =>
    specifier.replace(/^npm:\/?/, "").replace(/(?<=.)@.*$/, "")
  );
  for (const name of new Set(packages)) {
    assertStringIncludes(readme, `| \`${name}\``);
  }
});
