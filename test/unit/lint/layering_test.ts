/**
 * Owns the proof that each rule of the layering plugin catches what it forbids, and nothing else. In: small sources. Out:
 * what the plugin says of them.
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import plugin from "../../lint/layering.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** The rules that complain about `source` in the project's file `path`, without the plugin's name. */
function complaints(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, ROOT + path, source)
    .map(({ id }) => id.replace("bpfpulse/", ""));
}

/** Checks rows of [file, source, rule that must complain once, or nothing]. */
function checkAll(rows: readonly (readonly [string, string, string?])[]): void {
  for (const [path, source, rule] of rows) {
    assertEquals(
      complaints(path, source),
      rule === undefined ? [] : [rule],
      `${path}: ${source}`,
    );
  }
}

Deno.test("layering lets ffi import nothing of ours", () => {
  checkAll([
    ["ffi/objects.ts", `import { a } from "./bpf.ts";`],
    ["ffi/btf/scan.ts", `import { a } from "../struct.ts";`],
    ["ffi/bpf.ts", `import { a } from "../workers/protocol.ts";`, "layering"],
    ["ffi/bpf.ts", `import type { A } from "../src/clock.ts";`, "layering"],
    ["ffi/btf/scan.ts", `import { a } from "../../main.ts";`, "layering"],
    ["ffi/bpf.ts", `export * from "../test/fakes/k.ts";`, "layering"],
  ]);
});

Deno.test("layering lets workers import ffi/mod.ts and workers only", () => {
  checkAll([
    ["workers/maps/walk.ts", `import { a } from "../../ffi/mod.ts";`],
    ["workers/maps/walk.ts", `import { a } from "../columns.ts";`],
    ["workers/maps/walk.ts", `export { a } from "./model.ts";`],
    ["workers/a.ts", `import { a } from "../ffi/bpf.ts";`, "layering"],
    ["workers/a.ts", `import type { A } from "../ffi/port.ts";`, "layering"],
    ["workers/a.ts", `import type { A } from "../src/clock.ts";`, "layering"],
    ["workers/a.ts", `import { Hono } from "hono";`, "layering"],
    ["workers/a.ts", `await import("../main.ts");`, "layering"],
  ]);
});

Deno.test("layering lets src import src and types of workers only", () => {
  const protocol = "../../workers/protocol.ts";
  checkAll([
    ["src/state/a.ts", `import { a } from "../clock.ts";`],
    ["src/state/a.ts", `import { Hono } from "hono";`],
    ["src/state/a.ts", `import type { A } from "${protocol}";`],
    ["src/state/a.ts", `export type { A } from "${protocol}";`],
    ["src/state/a.ts", `type A = import("${protocol}").A;`],
    ["src/state/a.ts", `import { a } from "${protocol}";`, "layering"],
    ["src/state/a.ts", `import { type A } from "${protocol}";`, "layering"],
    ["src/state/a.ts", `export { a } from "${protocol}";`, "layering"],
    ["src/state/a.ts", `export * from "${protocol}";`, "layering"],
    ["src/state/a.ts", `await import("${protocol}");`, "layering"],
    ["src/a.ts", `import type { A } from "../ffi/mod.ts";`, "layering"],
    ["src/a.ts", `type A = import("../ffi/mod.ts").A;`, "layering"],
    ["src/a.ts", `export * from "../ffi/mod.ts";`, "layering"],
    ["src/a.ts", `import { run } from "../main.ts";`, "layering"],
    ["src/a.ts", `import { a } from "../test/fakes/a.ts";`, "layering"],
  ]);
});

Deno.test("layering lets main.ts import every layer, of ffi mod.ts only", () => {
  checkAll([
    ["main.ts", `import { openLibc } from "./ffi/mod.ts";`],
    ["main.ts", `import { acquire } from "./workers/acquire.ts";`],
    ["main.ts", `import { serve } from "./src/http/app.ts";`],
    ["main.ts", `import { openLibc } from "./ffi/libc.ts";`, "layering"],
    ["main.ts", `import { FakeKernel } from "./test/fakes/k.ts";`, "layering"],
    ["main.ts", `import { walk } from "./bench/walk.ts";`, "layering"],
  ]);
});

Deno.test("layering leaves test and bench free, and sees through absolute addresses", () => {
  checkAll([
    ["test/unit/ffi/bpf_test.ts", `import { a } from "../../../ffi/bpf.ts";`],
    ["bench/walk.ts", `import { a } from "../ffi/libc.ts";`],
    ["bench/walk.ts", `const name = "x"; await import(name);`],
    ["src/a.ts", `import { a } from "file://${ROOT}ffi/mod.ts";`, "layering"],
    ["src/a.ts", `import { a } from "${ROOT}ffi/mod.ts";`, "layering"],
    ["src/a.ts", `import { a } from ".././ffi/mod.ts";`, "layering"],
  ]);
});

Deno.test("layering refuses an import whose target cannot be told", () => {
  checkAll([["src/a.ts", `const x = "y"; await import(x);`, "layering"]]);
});

Deno.test("layering says what is wrong in one sentence", () => {
  const [diagnostic] = Deno.lint.runPlugin(
    plugin,
    ROOT + "src/a.ts",
    `import { a } from "../ffi/mod.ts";`,
  );
  assertStringIncludes(
    diagnostic.message,
    "Cannot import ../ffi/mod.ts in src/a.ts",
  );
});

Deno.test("dlopen keeps Deno.dlopen to ffi/libc.ts", () => {
  checkAll([
    ["ffi/libc.ts", `Deno.dlopen("libc.so.6", {});`],
    ["test/unit/a_test.ts", `Deno.dlopen("libc.so.6", {});`],
    ["src/a.ts", `const a = { dlopen: 1 }; a.dlopen;`],
    ["ffi/bpf.ts", `type S = Deno.ForeignLibraryInterface;`],
    ["ffi/bpf.ts", `Deno.dlopen("libc.so.6", {});`, "dlopen"],
    ["main.ts", `Deno["dlopen"]("libc.so.6", {});`, "dlopen"],
    ["workers/a.ts", `const { dlopen } = Deno;`, "dlopen"],
    ["workers/a.ts", `globalThis.Deno.dlopen("x", {});`, "dlopen"],
    ["src/a.ts", `const { args } = Deno;`],
  ]);
});

Deno.test("output keeps console and the standard streams to log.ts and main.ts", () => {
  checkAll([
    ["src/log.ts", `console.error("x"); Deno.stderr.writeSync(x);`],
    ["main.ts", `console.log("x"); Deno.stdout.writeSync(x);`],
    ["bench/walk.ts", `console.log("x");`],
    ["src/a.ts", `f({ console: 1 }); a.console;`],
    ["src/a.ts", `interface A { console: boolean }`],
    ["src/a.ts", `console.log("x");`, "output"],
    ["ffi/a.ts", `globalThis.console.log("x");`, "output"],
    ["workers/a.ts", `f(console);`, "output"],
    ["workers/a.ts", `const { log } = console;`, "output"],
    ["src/a.ts", `Deno.stdout.isTerminal();`, "output"],
    ["src/a.ts", `Deno.stderr.writeSync(x);`, "output"],
  ]);
});

Deno.test("command lets no product file start a program", () => {
  checkAll([
    ["test/run.ts", `new Deno.Command("deno");`],
    ["src/a.ts", `class Command {} new Command();`],
    ["main.ts", `new Deno.Command("deno");`, "command"],
    ["workers/a.ts", `const { Command } = Deno;`, "command"],
    ["src/a.ts", `import { spawn } from "node:child_process";`, "command"],
  ]);
});

Deno.test("clock keeps time to clock.ts and the workers' runtime", () => {
  checkAll([
    ["src/clock.ts", `Date.now(); setTimeout(f, 1); performance.now();`],
    ["workers/runtime.ts", `setTimeout(f, 1); setInterval(f, 1);`],
    ["test/unit/a_test.ts", `Date.now();`],
    ["src/a.ts", `new Date(0).toISOString(); Date.UTC(2026, 1);`],
    ["src/a.ts", `function f(at: Date): void { server.setTimeout(1); }`],
    ["src/a.ts", `Date.now();`, "clock"],
    ["main.ts", `Date.now();`, "clock"],
    ["src/a.ts", `new Date();`, "clock"],
    ["src/a.ts", `const now = Date.now;`, "clock"],
    ["src/a.ts", `performance.now();`, "clock"],
    ["src/a.ts", `setTimeout(f, 1);`, "clock"],
    ["src/a.ts", `globalThis.setInterval(f, 1);`, "clock"],
    ["workers/maps/a.ts", `performance.now();`, "clock"],
    ["ffi/a.ts", `import { setTimeout as t } from "node:timers";`, "clock"],
  ]);
});
