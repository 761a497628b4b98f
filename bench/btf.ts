/**
 * Measures what the kernel's BTF costs at start: reading, scanning, looking up, and what memory stays. In: a kernel with
 * BTF; no privilege. Out: a table, and every raw value in bench/results/btf.json. `deno run -A bench/btf.ts [ROUNDS]`; a
 * round is a process, so that each is cold once.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import type { BtfFigures } from "./btf_process.ts";
import { keepResults, median, table, V8_FLAGS } from "./figures.ts";

const rounds = Number(Deno.args[0] ?? 15);

async function measure(): Promise<BtfFigures> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      V8_FLAGS,
      new URL("btf_process.ts", import.meta.url).pathname,
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot measure: the process failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

const results: BtfFigures[] = [];
for (let round = 0; round < rounds; round++) results.push(await measure());

const of = (key: keyof BtfFigures): number =>
  median(results.map((figures) => figures[key]));
const growthMiB = (key: "heldKiB" | "afterKiB"): string =>
  (median(results.map((figures) => figures[key] - figures.beforeKiB)) / 1024)
    .toFixed(1);
console.log(
  `${of("types")} types in ${
    of("fileBytes")
  } bytes, median of ${rounds} processes\n`,
);
console.log(table(["step", "cold ms", "warm ms"], [
  ["read", of("readMs").toFixed(1), of("warmReadMs").toFixed(1)],
  ["scan", of("scanMs").toFixed(1), of("warmScanMs").toFixed(1)],
  ["look-ups", of("lookUpMs").toFixed(1), ""],
]));
console.log(
  `\nRssAnon: ${(of("beforeKiB") / 1024).toFixed(1)} MiB before, +${
    growthMiB("heldKiB")
  } held, +${growthMiB("afterKiB")} after`,
);
keepResults("btf", results);
