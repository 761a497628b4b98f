/** What `bench` prints of fixed figures, byte for byte, at 80 columns. `UPDATE_GOLDEN=1` writes the files anew. */
import { assertEquals } from "@std/assert";
import { bench, type BenchOptions } from "../../src/commands/bench.ts";
import { widthOf } from "../../src/commands/text_table.ts";
import { benchPorts } from "../unit/src/commands/bench_ports.ts";

async function held(
  name: string,
  given: Partial<BenchOptions> = {},
): Promise<void> {
  const { stdout, stderr, exitCode } = await bench(benchPorts(given));
  const text = `${stdout}exit: ${exitCode}\n`;
  const url = new URL(name, import.meta.url);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    await Deno.writeTextFile(url, text);
  }
  assertEquals(stderr, []);
  assertEquals(text, await Deno.readTextFile(url));
  if (given.format !== "json") {
    assertEquals(stdout.split("\n").filter((line) => widthOf(line) > 80), []);
  }
}

Deno.test("bench prints the golden table", async () => {
  await held("bench.txt");
});

Deno.test("bench prints the golden table of a machine with one backend", async () => {
  const { collector } = benchPorts();
  await held("bench_walk.txt", {
    collector: (name, backend) =>
      backend === "walk"
        ? collector(name, backend)
        : "no iterators without BTF: open of /sys/kernel/btf/vmlinux failed: ENOENT",
    statsCost: "somebody else keeps statistics on, or runs cannot be asked for",
    request: { objects: 0, seconds: 0.5, budgetRatio: 0.0005 },
  });
});

Deno.test("bench prints the golden JSON", async () => {
  await held("bench_json.txt", { format: "json" });
});
