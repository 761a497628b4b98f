/**
 * Owns the tests of src/version.ts. In: deno.json. Out: verdicts.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { VERSION, versionText } from "../../../src/version.ts";

Deno.test("versionText() names this program and its runtime", () => {
  const runtime = { deno: "2.9.6", v8: "15.0", target: "x86_64-linux" };
  assertEquals(
    versionText(runtime),
    `bpfpulse ${VERSION} (deno 2.9.6, v8 15.0, x86_64-linux)`,
  );
});

Deno.test("versionText() takes the version from deno.json and the rest from the runtime", () => {
  const manifest = JSON.parse(
    Deno.readTextFileSync(new URL("../../../deno.json", import.meta.url)),
  );
  assertEquals(VERSION, manifest.version);
  assertMatch(
    versionText(),
    /^bpfpulse \d+\.\d+\.\d+ \(deno \d+\.\d+\.\d+\S*, v8 [\d.]+\S*, \w+-\w+-\w+-\w+\)$/,
  );
});
