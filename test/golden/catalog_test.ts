/** What `catalog` prints at 80 columns, byte for byte. `UPDATE_GOLDEN=1` writes the file anew. */
import { assertEquals } from "@std/assert";
import { catalogOutput } from "../../src/commands/catalog.ts";

const GOLDEN = new URL("catalog.txt", import.meta.url);

Deno.test("catalog prints the golden table", async () => {
  const { stdout } = catalogOutput({
    format: "table",
    layout: { widthColumns: 80, maxRows: Infinity },
  });
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    await Deno.writeTextFile(GOLDEN, stdout);
  }
  assertEquals(stdout, await Deno.readTextFile(GOLDEN));
});
