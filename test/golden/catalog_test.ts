/** What `catalog` prints at 80 columns, byte for byte. `UPDATE_GOLDEN=1` writes the file anew. */
import { assertEquals } from "@std/assert";
import { catalogHere } from "../../src/commands/catalog.ts";
import { FakeKernel } from "../fakes/fake_kernel.ts";
import { aPass } from "../pass_builders.ts";
import { someFacts } from "../state_builders.ts";
import { looked, onceOptions } from "../unit/src/commands/command_ports.ts";

const GOLDEN = new URL("catalog.txt", import.meta.url);

Deno.test("catalog prints the golden table", async () => {
  const { stdout } = catalogHere({
    ...looked(onceOptions(new FakeKernel()), aPass()),
    facts: someFacts({ kernelRelease: "6.18.5" }),
    format: "table",
    layout: { widthColumns: 80, maxRows: Infinity },
  });
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    await Deno.writeTextFile(GOLDEN, stdout);
  }
  assertEquals(stdout, await Deno.readTextFile(GOLDEN));
});
