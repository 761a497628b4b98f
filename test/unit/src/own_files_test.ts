/** Owns the tests of src/own_files.ts. In: this process, whose main module is the test runner's. @module */
import { assertEquals } from "@std/assert";
import { ownFiles } from "../../../src/own_files.ts";

const VARIABLES = ["DENO_DIR", "XDG_CACHE_HOME", "HOME"] as const;

/** What ownFiles() answers under these variables alone; afterwards they are as before. */
function filesWith(
  env: Partial<Record<typeof VARIABLES[number], string>>,
): string[] {
  const before = VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const name of VARIABLES) set(name, env[name]);
    return ownFiles();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) Deno.env.delete(name);
  else Deno.env.set(name, value);
}

Deno.test("ownFiles() begins with the executable and the main module", () => {
  const [executable, main] = filesWith({});
  assertEquals(executable, Deno.execPath());
  assertEquals(Deno.statSync(executable).isFile, true);
  assertEquals(main, decodeURIComponent(new URL(Deno.mainModule).pathname));
});

Deno.test("ownFiles() ends with the folder of the packages, where the runtime looks for it", () => {
  const HOME = "/home/a";
  const XDG_CACHE_HOME = "/cache";
  const DENO_DIR = "/deno";
  assertEquals(
    filesWith({ HOME, XDG_CACHE_HOME, DENO_DIR }).slice(2),
    ["/deno"],
  );
  assertEquals(filesWith({ HOME, XDG_CACHE_HOME }).slice(2), ["/cache/deno"]);
  assertEquals(filesWith({ HOME, DENO_DIR: "" }).slice(2), [
    "/home/a/.cache/deno",
  ]);
  assertEquals(filesWith({}).length, 2);
});
