/**
 * Owns looks for who keeps objects alive, taken on demand by a process of its own. In: a number of looks by line. Out: for each the
 * milliseconds that it took, and those on a CPU, as JSON, with what it saw.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { openLibc } from "../ffi/mod.ts";
import { openIterators } from "../workers/iterators.ts";
import { HoldersLook } from "../workers/links/holders_pass.ts";
import type { HoldersPass } from "../workers/links/holders_model.ts";

const kernel = openLibc();
using opened = openIterators(kernel, false);
const { holders } = opened.iterators;
if (typeof holders !== "object") throw new Error(String(holders));
const look = new HoldersLook(kernel, holders, opened.ownIds);
let text = "";
for await (
  const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
) {
  text += part;
  if (!text.endsWith("\n")) continue;
  const passes: HoldersPass[] = [];
  const cpuMs: number[] = [];
  for (let left = Number(text); left > 0; left--) {
    const fromMs = kernel.threadCpuMs();
    const pass = look.take();
    cpuMs.push(kernel.threadCpuMs() - fromMs);
    if (typeof pass === "string") throw new Error(pass);
    passes.push(pass);
  }
  text = "";
  const last = passes.at(-1);
  console.log(JSON.stringify({
    ms: passes.map(({ durationMs }) => durationMs),
    cpuMs,
    descriptors: last?.descriptors,
    processes: last?.processes.length,
    holds: (last?.holds.length ?? 0) / 3,
    references: (last?.references.length ?? 0) / 4,
  }));
}
